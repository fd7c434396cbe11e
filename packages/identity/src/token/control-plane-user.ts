/**
 * Author of what the control plane writes by itself. Services trust writes in this name, so no token
 * is ever issued for it, and none that bears it is accepted.
 */
export const CONTROL_PLANE_USER = 'mesh-system:control-plane';
