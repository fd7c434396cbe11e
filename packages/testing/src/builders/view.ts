import { type Resource, ResourceView } from '@mesh/core';

/** A view that has seen these resources, at revision 1. */
export function viewOf(...resources: readonly Resource[]): ResourceView {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources } });
  return view;
}
