using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Servers;

internal static class ServerEndpoints
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<ServerKeys>();
        services.AddSingleton<ServerClient>();
        services.AddScoped<ServerService>();
        services.AddSingleton<ServerRelays>();
    }

    public static void Map(RouteGroupBuilder api)
    {
        var servers = api.MapGroup("/servers").WithTags("Model servers");
        servers.MapGet("", (ServerService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Model servers of the team, by name. Keys are never told.");
        servers.MapPost("", async (NewServer server, ServerService service, CancellationToken cancellation) =>
        {
            var added = await service.AddAsync(server, cancellation);
            return Results.Created($"/api/v1/servers/{added.Id}", added);
        }).RequireAuthorization(Policies.Admin).WithSummary("Adds an OpenAI-compatible server.").Produces<ServerInfo>(StatusCodes.Status201Created);
        servers.MapPut("/{id:guid}", (Guid id, NewServer server, ServerService service, CancellationToken cancellation) => service.ChangeAsync(id, server, cancellation))
            .RequireAuthorization(Policies.Admin).WithSummary("Changes a server. Without a key it keeps its own, unless the address changes; an empty key removes it.");
        servers.MapDelete("/{id:guid}", async (Guid id, ServerService service, CancellationToken cancellation) =>
        {
            await service.RemoveAsync(id, cancellation);
            return TypedResults.NoContent();
        }).RequireAuthorization(Policies.Admin).WithSummary("Removes a server and its key.");
        servers.MapPost("/{id:guid}/test", (Guid id, ServerService service, CancellationToken cancellation) => service.TestAsync(id, cancellation))
            .RequireAuthorization(Policies.Runner).WithSummary("Asks one short question and tells what came back.");
    }
}
