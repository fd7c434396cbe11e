import { type Json, type JsonObject, TAG_ZONE } from '@mesh/core';

/**
 * Puts right what a zone may only say of itself: `zone` of its proxies, and zone tags that are
 * there already (contract/kds.md §3 "Receiver at G"). `pinned` counts the values that were wrong.
 */
export function pinToZone(kind: string, spec: JsonObject, zone: string): { readonly spec: JsonObject; readonly pinned: number } {
  const pins = new Pins(zone);
  switch (kind) {
    case 'ZoneIngress': {
      const pinned = pins.field(spec, 'zone');
      const services = mapList(spec['availableServices'], (service) => pins.tagsOf(service));
      return { spec: services ? { ...pinned, availableServices: services } : pinned, pinned: pins.count };
    }
    case 'ZoneEgress':
      return { spec: pins.field(spec, 'zone'), pinned: pins.count };
    case 'Dataplane':
      return { spec: pinDataplane(spec, pins), pinned: pins.count };
    default:
      return { spec, pinned: 0 };
  }
}

class Pins {
  count = 0;

  constructor(private readonly zone: string) {}

  /** Sets a field; counts it where it held another zone. */
  field(object: JsonObject, name: string): JsonObject {
    if (object[name] === this.zone) return object;
    if (object[name] !== undefined && object[name] !== '') this.count++;
    return { ...object, [name]: this.zone };
  }

  /** Sets the zone tag of something with tags, where it has one. */
  tagsOf(object: JsonObject): JsonObject {
    const tags = object['tags'];
    if (!isObject(tags) || tags[TAG_ZONE] === undefined || tags[TAG_ZONE] === this.zone) return object;
    this.count++;
    return { ...object, tags: { ...tags, [TAG_ZONE]: this.zone } };
  }
}

function pinDataplane(spec: JsonObject, pins: Pins): JsonObject {
  const networking = spec['networking'];
  if (!isObject(networking)) return spec;
  const inbound = mapList(networking['inbound'], (item) => pins.tagsOf(item));
  const { gateway } = networking;
  return {
    ...spec,
    networking: { ...networking, ...(inbound ? { inbound } : {}), ...(isObject(gateway) ? { gateway: pins.tagsOf(gateway) } : {}) },
  };
}

function mapList(value: Json | undefined, map: (item: JsonObject) => JsonObject): Json[] | undefined {
  return Array.isArray(value) ? value.map((item) => (isObject(item) ? map(item) : item)) : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
