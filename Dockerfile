# The studio in a container:
#   docker build -t spinstudio .
#   docker run -p 127.0.0.1:5080:5080 -v spinstudio:/data spinstudio
# Debian 12 at both ends, for its libtorch is the one that the engine is tested on; .NET is copied out of its official images.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS dotnet-sdk

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS dotnet-runtime

FROM debian:12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates cmake g++ libopenblas0-pthread libtorch-dev libgloo-dev ninja-build nodejs npm \
    && rm -rf /var/lib/apt/lists/*
COPY --from=dotnet-sdk /usr/share/dotnet /usr/share/dotnet
ENV PATH="/usr/share/dotnet:${PATH}" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /src
COPY . .
RUN dotnet publish src/SpinStudio.Web -c Release -p:RestoreLockedMode=true -o /app \
    && dotnet publish src/SpinStudio.Cli -c Release -p:RestoreLockedMode=true -o /app/engine \
    && cp -r appsettings.json samples /app/ \
    && cp node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so /app/engine/

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libopenblas0-pthread libtorch1.13 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home spinstudio \
    && install -d -o spinstudio /data
COPY --from=dotnet-runtime /usr/share/dotnet /usr/share/dotnet
COPY --from=build /app /app
ENV PATH="/usr/share/dotnet:${PATH}" DOTNET_ROOT=/usr/share/dotnet OMP_WAIT_POLICY=PASSIVE
USER spinstudio
WORKDIR /data
VOLUME /data
EXPOSE 5080
HEALTHCHECK --interval=30s --timeout=5s CMD curl --fail --silent http://127.0.0.1:5080/healthz
ENTRYPOINT ["dotnet", "/app/SpinStudio.Web.dll", "--urls", "http://0.0.0.0:5080", "--data", "/data"]
