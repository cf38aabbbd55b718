/** A shared worker's scope without the worker: each call of `connect` is a page with a port of its own. */
export class SharedScope extends EventTarget {
  onconnect: unknown = null;

  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.dispatchEvent(Object.assign(new Event("connect"), { ports: [port2] }));
    return port1;
  }
}
