using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Models;

/// <summary>
/// How far back attention sees, as config.json says it: <c>sliding_window</c> for every layer (Mistral), or with <c>use_sliding_window</c> and from layer
/// <c>max_window_layers</c> on (Qwen), or layer by layer in <c>layer_types</c>.
/// </summary>
internal static class SlidingWindowJson
{
    private const string Full = "full_attention", Sliding = "sliding_attention";

    /// <summary>What Mistral's configs mean when they do not say.</summary>
    private const int MistralWindow = 4096;

    /// <returns>The window and the first layer that has it; null when every layer sees everything.</returns>
    public static (int Size, int FirstLayer)? Read(JsonElement json, string architecture)
    {
        var layers = ModelConfigJson.Size(json, "num_hidden_layers");
        var first = json.Get("layer_types") is { } types ? FirstSliding(types, layers)
            : architecture == ModelConfig.Mistral ? 0
            : architecture != ModelConfig.Llama && json.Get("use_sliding_window") is { ValueKind: JsonValueKind.True }
                ? json.Get("max_window_layers") is { ValueKind: JsonValueKind.Number } full && full.TryGetInt32(out var count) && count >= 0 ? count : throw new BadInputException("max_window_layers must be a whole number >= 0")
            : layers;
        if (first >= layers)
            return null;
        if (!json.TryGetProperty("sliding_window", out _) && architecture == ModelConfig.Mistral)
            return (MistralWindow, first);
        return json.Get("sliding_window") is null ? null : (ModelConfigJson.Size(json, "sliding_window"), first);
    }

    public static void Write(ModelConfig config, JsonObject json)
    {
        if (config.Architecture == ModelConfig.Llama)
            return;
        json["sliding_window"] = config.SlidingWindow;
        if (config.Architecture == ModelConfig.Mistral)
            return;
        json["use_sliding_window"] = config.SlidingWindow is not null;
        json["max_window_layers"] = config.SlidingWindow is null ? config.Layers : config.FirstSlidingLayer;
    }

    private static int FirstSliding(JsonElement types, int layers)
    {
        string?[] kinds = types.ValueKind == JsonValueKind.Array ? [.. types.EnumerateArray().Select(kind => kind.ValueKind == JsonValueKind.String ? kind.GetString() : null)] : [];
        if (kinds.Length != layers)
            throw new BadInputException($"layer_types must list {layers} layers (got {kinds.Length})");
        if (Array.Find(kinds, kind => kind is not (Full or Sliding)) is { } other)
            throw new BadInputException($"layer type '{other}' is not supported; {Full} and {Sliding} are");
        var first = kinds.TakeWhile(kind => kind == Full).Count();
        return kinds.Skip(first).All(kind => kind == Sliding) ? first : throw new BadInputException("layer_types that alternate are not supported; layers that see everything must come first");
    }
}
