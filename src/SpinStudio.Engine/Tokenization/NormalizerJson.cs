using System.Text.Json;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerJson
{
    public static Normalizer Read(JsonElement? part) => part is { } normalizer
        ? new Normalizer.Sequence([.. TokenizerPart.Steps(normalizer, "normalizers").Select(ReadOne)])
        : Normalizer.None;

    private static Normalizer ReadOne(JsonElement part) => TokenizerPart.TypeOf(part) switch
    {
        "NFC" => new Normalizer.FormC(),
        "Prepend" when TokenizerPart.TextOf(part, "prepend") is { } prefix => new Normalizer.Prepend(prefix),
        "Replace" when TokenizerPart.TextOf(part, "content") is { } content => new Normalizer.Replace(TokenizerPart.LiteralPattern(part, "normalizer Replace"), content),
        var type => throw TokenizerPart.NotSupported($"normalizer {type}"),
    };
}
