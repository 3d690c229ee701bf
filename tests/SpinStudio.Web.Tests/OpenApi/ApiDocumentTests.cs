using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Testing;
using SpinStudio.Web.Features.OpenApi;

namespace SpinStudio.Web.Tests.OpenApi;

/// <summary>The description of the API says all there is to say, and its examples are what a studio answers.</summary>
public sealed class ApiDocumentTests(ServerTests.Allowing fixture) : IClassFixture<ServerTests.Allowing>
{
    /// <summary>Set it to write the examples anew.</summary>
    private const string Record = "SPINSTUDIO_RECORD_EXAMPLES";

    private StudioHost Host => fixture.Host;

    [Fact]
    public async Task Every_operation_says_what_it_does_what_it_answers_and_how_it_refuses()
    {
        var wrong = new List<string>();
        foreach (var (name, operation) in await OperationsAsync())
        {
            var responses = operation["responses"]!.AsObject();
            if (string.IsNullOrWhiteSpace((string?)operation["summary"]))
                wrong.Add($"{name}: add .WithSummary(…)");
            if (operation["tags"]?[0] is null)
                wrong.Add($"{name}: add .WithTags(…)");
            if (!responses.Any(response => response.Key is "201" or "202" or "204" || (response.Key == "200" && response.Value!["content"] is not null)))
                wrong.Add($"{name}: let it return a type, or add .Produces<T>(…)");
            if (!responses.Any(response => response.Key.StartsWith('4') && response.Value!["content"]?["application/problem+json"] is not null))
                wrong.Add($"{name}: map it on the group of /api/v1, which says how it refuses");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Both_ways_to_log_in_are_described()
    {
        var document = await DocumentAsync();
        var schemes = document["components"]!["securitySchemes"]!;
        Assert.Equal("bearer", (string?)schemes["token"]!["scheme"]);
        Assert.Equal("X-CSRF-TOKEN", (string?)schemes["csrf"]!["name"]);
        Assert.Equal(["token", "cookie,csrf"], document["security"]!.AsArray().Select(way => string.Join(',', way!.AsObject().Select(scheme => scheme.Key))));
    }

    [Fact]
    public async Task Examples_are_what_a_studio_answers()
    {
        var walk = new ApiWalk(Host, await Host.AdminAsync());
        await walk.WalkAsync();
        if (Environment.GetEnvironmentVariable(Record) is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(Checkout.Root, "src", "SpinStudio.Web", "Features", "OpenApi", "examples.json"), JsonSerializer.Serialize(walk.Exchanges, ApiExamples.Json) + "\n");
            return;
        }

        var operations = (await OperationsAsync()).ToDictionary(operation => operation.Name, operation => operation.Operation);
        foreach (var (operation, live) in walk.Exchanges)
        {
            var kept = ApiExamples.Of(operation);
            Assert.True(kept is not null && Names(kept.Response).SetEquals(Names(live.Response)) && Names(kept.Request).SetEquals(Names(live.Request)),
                $"{operation} answers with other names than its example has; run this test once with {Record}=1 and look at what changed.");
            Assert.True(operations[operation]["responses"]!.AsObject().Any(response => response.Value!["content"]?["application/json"]?["example"] is not null), $"{operation}: the document does not have its example");
        }

        Assert.Equal(walk.Exchanges.Keys, ApiExamples.Recorded.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Of the outermost object, or of the first in a list.</summary>
    private static HashSet<string> Names(JsonNode? node) => node switch
    {
        JsonObject found => [.. found.Select(member => member.Key)],
        JsonArray { Count: > 0 } list => Names(list[0]),
        _ => [],
    };

    private async Task<List<(string Name, JsonNode Operation)>> OperationsAsync() =>
        [.. (await DocumentAsync())["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!)))];

    private async Task<JsonNode> DocumentAsync() => JsonNode.Parse(await (await Host.AdminAsync()).Http.GetStringAsync(new Uri("/api/openapi.json", UriKind.Relative)))!;
}
