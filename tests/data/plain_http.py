"""A plain HTTP/1.1 server for the services of the tests. Only the standard library is needed."""

import asyncio


def run(answer, port=0):
    """Prints its address, and answers until it is stopped. `answer` gets the method, the target, the headers by their names in
    lower case and the body of a request, and gives the bytes of the answer."""

    async def serve(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request, *lines = head[:-4].split("\r\n")
                method, target, _ = request.split(" ", 2)
                parts = (line.partition(":") for line in lines)
                headers = {name.strip().lower(): value.strip() for name, _, value in parts}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                writer.write(answer(method, target, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 20)
        host, own = server.sockets[0].getsockname()
        print(f"http://{host}:{own}", flush=True)
        await server.serve_forever()

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
