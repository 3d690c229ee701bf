using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;

namespace SpinStudio.Web.Features.OpenApi;

/// <summary>The description of the HTTP API at /api/openapi.json: its operations, both ways to log in, and examples.</summary>
internal static partial class ApiDocument
{
    private const string About =
        "Everything that the pages do. Programs send `Authorization: Bearer spin_…` with a token made under Settings, Tokens; pages send their cookie and, with requests that change something, the header "
        + "`X-CSRF-TOKEN` with the value from `/api/v1/antiforgery`. Refusals are problem details (RFC 9457) whose `detail` is for people. Names are in snake_case; what is null is left out.";

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.ShouldInclude = description => description.RelativePath?.StartsWith("api/v1", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Version, document.Info.Description) = ("SpinStudio", "v1", About);
            AddSecurity(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            AddExamples(operation, context.Description);
            return Task.CompletedTask;
        });
    });

    private static void AddSecurity(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["token"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "spin_…", Description = "An API token, made under Settings, Tokens. It may no more than its scope and its owner's role." },
            ["cookie"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = "spinstudio", Description = "Of somebody who is logged in with a browser." },
            ["csrf"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-CSRF-TOKEN", Description = "Beside the cookie, with requests that change something; from /api/v1/antiforgery." },
        };
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("cookie", document)] = [], [new OpenApiSecuritySchemeReference("csrf", document)] = [] },
        ];
    }

    private static void AddExamples(OpenApiOperation operation, ApiDescription description)
    {
        if (ApiExamples.Of($"{description.HttpMethod} /{Plain(description.RelativePath ?? "")}") is not { } example)
        {
            return;
        }

        Add(operation.RequestBody?.Content, example.Request);
        foreach (var (_, response) in (operation.Responses ?? []).Where(response => response.Key.StartsWith('2')))
        {
            Add(response.Content, example.Response);
        }
    }

    /// <summary>As the document writes paths: without constraints of parameters, and without a slash at the end.</summary>
    private static string Plain(string path) => Parameter().Replace(path.TrimEnd('/'), "{$1}");

    [GeneratedRegex(@"\{\**([^}:?]+)[^}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    private static void Add(IDictionary<string, OpenApiMediaType>? content, JsonNode? example)
    {
        if (example is not null && content is not null && content.TryGetValue("application/json", out var json))
        {
            json.Example = example.DeepClone();
        }
    }
}
