using System.Collections.Concurrent;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <summary>One example as the model reads it, to generate and to train alike.</summary>
/// <param name="Prompt">The rendered conversation up to where the model is to answer.</param>
/// <param name="Answer">What is trained on, the closing token included.</param>
/// <param name="BosTokens">Beginning-of-sequence tokens that the prompt starts with.</param>
/// <param name="StopToken">Closes the answer; generation stops there.</param>
public sealed record RenderedExample(string Prompt, string Answer, int PromptTokens, int AnswerTokens, int BosTokens, string StopToken);

/// <summary>How a model and a dataset fit together.</summary>
/// <param name="Refusal">Why the model cannot be trained on it; the rest is null then.</param>
public sealed record TemplateFit(string? Refusal, TokenStatistics? Tokens, RenderedExample? Example, ModelConfig? Shape);

/// <summary>
/// Reads rows of a dataset through a model's tokenizer and chat template. A run generates and trains with the same text only if the rendered prompt is a prefix of
/// prompt with answer, starts with at most one BOS, and the stop token lies inside what is trained on: that is checked here before it is launched.
/// </summary>
public sealed class TemplateParity
{
    /// <summary>Rows that are looked at, and how many of them are encoded.</summary>
    private const int RowsRead = 20_000, RowsEncoded = 400;

    private const int MostKept = 64;

    private readonly ConcurrentDictionary<string, Lazy<Task<TemplateFit>>> kept = new();

    /// <param name="modelFolder">Its tokenizer, template and config.json.</param>
    /// <param name="template">A built-in template in place of the model's own; null for its own.</param>
    /// <param name="dataset">Canonical JSON Lines; immutable, as is the model.</param>
    public Task<TemplateFit> OfAsync(string modelFolder, string? template, string dataset, int rows)
    {
        if (kept.Count > MostKept)
        {
            kept.Clear();
        }

        return kept.GetOrAdd($"{modelFolder}\n{template}\n{dataset}", _ => new Lazy<Task<TemplateFit>>(() => Task.Run(() => Check(modelFolder, template, dataset, rows)))).Value;
    }

    private static TemplateFit Check(string modelFolder, string? template, string dataset, int rows)
    {
        try
        {
            var encoder = Encoder(modelFolder, template);
            var tokens = TokenStatistics.Of(DatasetReader.Read(dataset).Take(RowsRead), Math.Min(rows, RowsRead), encoder, RowsEncoded);
            if (tokens.Rows == 0)
            {
                return new TemplateFit($"The model's chat template refuses every row that was tried; the first: {tokens.FirstRefusal}. Choose another model, or mend the dataset.", null, null, null);
            }

            return new TemplateFit(null, tokens, Render(encoder, DatasetReader.Read(dataset)), ModelConfig.Load(Path.Combine(modelFolder, "config.json")));
        }
        catch (BadInputException refused)
        {
            return new TemplateFit($"The model cannot be trained on this dataset: {refused.Message}.", null, null, null);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new TemplateFit($"The model's or the dataset's files cannot be read: {unreadable.Message}", null, null, null);
        }
    }

    private static ConversationEncoder Encoder(string modelFolder, string? template)
    {
        var own = ConversationEncoder.Load(modelFolder);
        return template is null ? own : new ConversationEncoder(own.Tokenizer, new ChatTemplate(BuiltInTemplates.For(template, own.Tokenizer), own.Tokenizer.Settings), own.StopTokenIds);
    }

    private static RenderedExample? Render(ConversationEncoder encoder, IEnumerable<Example> examples)
    {
        foreach (var example in examples.Take(10))
        {
            try
            {
                var encoded = encoder.Encode(example);
                var bos = encoder.Tokenizer.BosTokenId is { } id ? encoded.Prompt.TakeWhile(token => token == id).Count() : 0;
                return new RenderedExample(
                    encoder.Tokenizer.Decode(encoded.Prompt, skipSpecial: false), encoder.Tokenizer.Decode(encoded.Answer, skipSpecial: false), encoded.Prompt.Length, encoded.Answer.Length, bos,
                    encoder.Tokenizer.Decode([encoder.EosId], skipSpecial: false));
            }
            catch (BadInputException)
            {
                // Counted among the refused rows; another one shows what the text looks like.
            }
        }

        return null;
    }
}
