import ms from "ms";

Bun.serve({ port: 3000, fetch: (request) => new Response(ms(Number(new URL(request.url).pathname.slice(1)))) });
