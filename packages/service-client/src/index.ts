export { type ControlPlaneConnection, connectControlPlane } from './connect.js';
