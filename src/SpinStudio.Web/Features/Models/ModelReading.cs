using System.Collections.Concurrent;
using System.Text;
using SpinStudio.Engine;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Models;

/// <summary>What model folders say. Tokenizers take a second to read, so the last few are kept.</summary>
public sealed class ModelReading
{
    private const int MostKept = 4;
    private const int MostMessages = 100;
    private const int LongestConversation = 100_000;
    private const int MostTokens = 4_000;

    /// <summary>As many answers of this length as a default run decodes together.</summary>
    private const int Answers = 64, Length = 512;

    private readonly ConcurrentDictionary<string, GgufOffer> ggufs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<ConversationEncoder>> encoders = new(StringComparer.Ordinal);

    internal async Task<ModelDetail> DetailAsync(
        ModelSummary summary, string folder, IReadOnlyList<ModelFile>? files, IReadOnlyList<ModelReference> usedBy, IReadOnlyList<ModelReference> promotedAs, CancellationToken cancellation)
    {
        var listed = files ?? (Directory.Exists(folder)
            ? [.. new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new ModelFile(file.Name, file.Length, file.Name == ModelWeights.SingleFile ? summary.Sha256 : ""))]
            : []);
        try
        {
            return await Task.Run(() =>
            {
                var opened = ModelFolder.Open(folder);
                return new ModelDetail(summary, null, Shape(opened), Facts(Encoder(folder)), Memory(opened.Config), listed, usedBy, promotedAs, Gguf(folder))
                {
                    AdapterBytes = PeftAdapter.Find(folder) is { } adapter ? new FileInfo(adapter.Weights).Length : null,
                };
            }, cancellation);
        }
        catch (BadInputException refused)
        {
            return new ModelDetail(summary, Words(refused, folder), null, null, null, listed, usedBy, promotedAs, null);
        }
    }

    internal async Task<TemplatePreview> PreviewAsync(string folder, TemplatePreviewRequest request, CancellationToken cancellation)
    {
        var messages = Checked(request);
        try
        {
            return await Task.Run(() => Preview(Encoder(folder), messages), cancellation);
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, Words(refused, folder));
        }
    }

    /// <summary>Everything but the weights, read; writing goes straight to the response.</summary>
    internal Task<GgufWriter> GgufAsync(string folder, GgufType type, string name, CancellationToken cancellation) => Task.Run(() =>
    {
        try
        {
            return GgufWriter.Open(folder, type, name, Encoder(folder));
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, Words(refused, folder));
        }
    }, cancellation);

    internal void Forget(string folder)
    {
        encoders.TryRemove(folder, out _);
        ggufs.TryRemove(folder, out _);
    }

    private GgufOffer Gguf(string folder) => ggufs.GetOrAdd(folder, path =>
    {
        try
        {
            var writer = GgufWriter.Open(path, GgufType.F16, "", Encoder(path));
            return new GgufOffer(null, GgufTypes.Names.ToDictionary(name => name, name => writer.LengthAs(GgufTypes.Parse(name))));
        }
        catch (BadInputException refused)
        {
            return new GgufOffer(Words(refused, path), new Dictionary<string, long>());
        }
    });

    private ConversationEncoder Encoder(string folder)
    {
        if (encoders.Count >= MostKept && !encoders.ContainsKey(folder))
        {
            encoders.Clear();
        }

        var kept = encoders.GetOrAdd(folder, path => new Lazy<ConversationEncoder>(() => ConversationEncoder.Load(path)));
        try
        {
            return kept.Value;
        }
        catch (BadInputException)
        {
            Forget(folder);
            throw;
        }
    }

    private static ModelShape Shape(ModelFolder opened)
    {
        var config = opened.Config;
        var positions = config.RopeScaling switch
        {
            null => $"rotary, θ {Theta(config)}",
            RopeScaling.Linear linear => $"rotary, θ {Theta(config)}, stretched {linear.Factor:0.##}×",
            RopeScaling.Llama3 llama => $"rotary, θ {Theta(config)}, Llama 3 scaling {llama.Factor:0.##}×",
            RopeScaling.Yarn yarn => $"rotary, θ {Theta(config)}, YaRN {yarn.Factor:0.##}×",
            _ => $"rotary, θ {Theta(config)}",
        };
        return new ModelShape(
            config.Layers, config.HiddenSize, config.IntermediateSize, config.Heads, config.KeyValueHeads, config.HeadDim, config.VocabSize, config.MaxPositions, positions, config.TieWordEmbeddings, opened.Dtypes);
    }

    private static string Theta(ModelConfig config) => config.RopeTheta.ToString("#,0", System.Globalization.CultureInfo.InvariantCulture);

    private static TokenizerFacts Facts(ConversationEncoder encoder)
    {
        var tokenizer = encoder.Tokenizer;
        var template = tokenizer.Settings.ChatTemplate is not null ? "own" : BuiltInTemplates.NameOf(encoder.Template.Source) ?? "own";
        return new TokenizerFacts(
            tokenizer.Kind, tokenizer.VocabSize, tokenizer.AddedTokens.Count(token => token.Special), tokenizer.Settings.BosToken, tokenizer.Settings.EosToken, tokenizer.Settings.PadToken,
            [.. encoder.StopTokenIds.Select(id => Spelt(tokenizer, id))], template, encoder.Template.Source);
    }

    private static ModelMemory Memory(ModelConfig config)
    {
        var length = Math.Min(Length, config.MaxPositions);
        return new ModelMemory(
            MemoryEstimate.ToGenerate(config, Precision.Bf16, Answers, length), Answers, length,
            MemoryEstimate.ToTrain(config, Precision.Bf16, OptimizerKind.RmsProp), MemoryEstimate.ToTrain(config, Precision.Bf16, OptimizerKind.AdamW));
    }

    private static TemplatePreview Preview(ConversationEncoder encoder, List<ChatMessage> messages)
    {
        var answered = messages[^1].Role == "assistant";
        var prompt = answered ? messages[..^1] : messages;
        var encoded = answered ? encoder.Encode(prompt, messages[^1].Content) : new EncodedExample(encoder.EncodePrompt(prompt), [], false, false);
        int[] ids = [.. encoded.Prompt, .. encoded.Answer];
        if (ids.Length > MostTokens)
        {
            throw new BadInputException($"the conversation has {ids.Length} tokens; the preview shows up to {MostTokens}");
        }

        return new TemplatePreview(
            encoder.Tokenizer.Decode(ids, skipSpecial: false), [.. ids.Select((id, index) => Chip(encoder.Tokenizer, id, index >= encoded.Prompt.Length))], encoded.Prompt.Length, encoded.Answer.Length,
            [.. Checks(encoder, encoded, answered)]);
    }

    private static IEnumerable<PreviewCheck> Checks(ConversationEncoder encoder, EncodedExample encoded, bool answered)
    {
        var tokenizer = encoder.Tokenizer;
        if (tokenizer.BosTokenId is { } bos)
        {
            var count = encoded.Prompt.TakeWhile(id => id == bos).Count();
            yield return new PreviewCheck(count <= 1, count switch
            {
                0 => $"The prompt starts without {Spelt(tokenizer, bos)}, as the template writes it.",
                1 => $"The prompt starts with one {Spelt(tokenizer, bos)}.",
                _ => $"The prompt starts with {count} {Spelt(tokenizer, bos)}; one is right.",
            });
        }
        else
        {
            yield return new PreviewCheck(true, "The tokenizer has no BOS token, and the prompt starts without one.");
        }

        if (!answered)
        {
            yield return new PreviewCheck(true, $"The prompt ends where the model is to answer; it stops at {string.Join(" or ", encoder.StopTokenIds.Select(id => Spelt(tokenizer, id)))}.");
            yield break;
        }

        yield return new PreviewCheck(true, "The prompt is the beginning of prompt and answer: generating and training see the same tokens.");
        var stops = encoded.Answer.Count(encoder.StopTokenIds.Contains);
        yield return new PreviewCheck(encoded.Answer[^1] == encoder.EosId && stops == 1, $"The trained answer ends with {Spelt(tokenizer, encoder.EosId)}, at which generation stops{(stops == 1 ? "" : $", but has {stops} stop tokens")}.");
        int[] ids = [.. encoded.Prompt, .. encoded.Answer];
        var whole = tokenizer.Encode(tokenizer.Decode(ids, skipSpecial: false));
        yield return new PreviewCheck(whole.SequenceEqual(ids), whole.SequenceEqual(ids)
            ? "The text as a whole has the same tokens as prompt and answer apart."
            : "The text as a whole would be cut into other tokens; the studio always encodes prompt and answer apart, as the model sees them when it generates.");
    }

    private static TokenChip Chip(Tokenizer tokenizer, int id, bool trained)
    {
        var bytes = tokenizer.BytesOf(id, skipSpecial: false);
        var text = System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
        return new TokenChip(id, text, Convert.ToHexStringLower(bytes), tokenizer.IsSpecial(id), trained);
    }

    private static string Spelt(Tokenizer tokenizer, int id) => Encoding.UTF8.GetString(tokenizer.BytesOf(id, skipSpecial: false)) is { Length: > 0 } text ? text : $"token {id}";

    private static List<ChatMessage> Checked(TemplatePreviewRequest request)
    {
        var messages = request.Messages?.Where(message => message is not null).Select(message => new ChatMessage((message.Role ?? "").Trim().ToLowerInvariant(), message.Content ?? "")).ToList() ?? [];
        if (messages.Count is 0 or > MostMessages)
        {
            throw new StudioException(Refusal.Invalid, $"A conversation has 1 to {MostMessages} messages (got {messages.Count}).");
        }

        if (messages.Find(message => message.Role is not ("system" or "user" or "assistant")) is { } other)
        {
            throw new StudioException(Refusal.Invalid, $"The role of a message is system, user or assistant (got '{other.Role}').");
        }

        if (messages is [{ Role: "assistant" }])
        {
            throw new StudioException(Refusal.Invalid, "An answer needs a message before it.");
        }

        var length = messages.Sum(message => message.Content.Length);
        return length <= LongestConversation ? messages : throw new StudioException(Refusal.Invalid, $"The conversation has {length} characters; the preview takes up to {LongestConversation}.");
    }

    /// <summary>Without the studio's own folders in it.</summary>
    private static string Words(BadInputException refused, string folder)
    {
        var words = refused.Message.Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(folder + ": ", "", StringComparison.Ordinal).Replace(folder, "its folder", StringComparison.Ordinal);
        return char.ToUpperInvariant(words[0]) + words[1..] + (words.EndsWith('.') ? "" : ".");
    }
}
