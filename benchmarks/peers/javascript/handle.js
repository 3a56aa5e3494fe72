// The service in JavaScript.

const ORIGIN = "http://origin.example";
const ask = (path, options) => fetch(ORIGIN + path, { backend: "origin", ...options });

async function answer(request) {
  switch (new URL(request.url).pathname) {
    case "/":
      return new Response("hello");
    case "/small":
    case "/large":
      return ask(new URL(request.url).pathname);
    case "/through": {
      const { body } = await ask("/large");
      const seen = new TransformStream({ transform: (part, out) => out.enqueue(part) });
      return new Response(body.pipeThrough(seen));
    }
    case "/upload":
      return ask("/sink", { method: "POST", body: request.body, duplex: "half" });
    case "/fan-in": {
      const found = await Promise.all(Array.from({ length: 8 }, () => ask("/slow")));
      return new Response(String(found.filter((one) => one.status === 200).length));
    }
  }
  return new Response(null, { status: 404 });
}

export const handle = (event) => event.respondWith(answer(event.request));
