// The worker: Graphviz lays a diagram out, off the page's own thread. It is added to viz-global.js.
const ready = Viz.instance();

onmessage = async ({ data: graph }) => {
  try {
    const viz = await ready;
    postMessage({ svg: viz.renderString(graph, { format: "svg" }) });
  } catch (error) {
    postMessage({ error: `${error}` });
  }
};
