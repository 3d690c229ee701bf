using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Encodes examples for generation and training alike, by the model's own chat template: the prompt ends where the model is to answer, and the answer is everything
/// that the template writes from there to the token that closes the turn, that one included. Nothing that a user or a dataset wrote becomes a control token.
/// Safe for use from several threads.
/// </summary>
public sealed class ConversationEncoder
{
    private readonly string _eosText;
    private readonly int _maxLength;
    private readonly int _maxPromptLength;

    /// <param name="stopTokenIds">Ids that config.json and generation_config.json name as ends; may be empty.</param>
    /// <param name="maxLength">Longest prompt + answer, in tokens.</param>
    /// <param name="maxPromptLength">A longer prompt keeps its last this many tokens.</param>
    /// <exception cref="BadInputException">
    /// The template does not suit training: a prompt's rendering is no prefix of that with an answer, no control token closes the assistant's turn, or the prompt starts
    /// with more than one BOS.
    /// </exception>
    public ConversationEncoder(Tokenizer tokenizer, ChatTemplate template, IEnumerable<int> stopTokenIds, int maxLength = int.MaxValue, int maxPromptLength = int.MaxValue)
    {
        Tokenizer = tokenizer;
        Template = template;
        _maxLength = maxLength;
        _maxPromptLength = maxPromptLength;
        var check = TemplateSuitability.Of(tokenizer, template);
        EosId = check.Problems.Count == 0 ? check.ClosingTokenId!.Value : throw new BadInputException(check.Problems[0]);
        _eosText = tokenizer.AddedTokens.First(token => token.Id == EosId).Content;
        StopTokenIds = [.. stopTokenIds.Prepend(EosId).Concat(tokenizer.EosTokenId is { } eos ? [eos] : []).Distinct()];
        PadTokenId = tokenizer.PadTokenId ?? EosId;
    }

    public Tokenizer Tokenizer { get; }

    public ChatTemplate Template { get; }

    /// <summary>The token with which the template closes an assistant's turn: the one EOS of every trained answer.</summary>
    public int EosId { get; }

    /// <summary>Every id at which generation stops; <see cref="EosId"/> first.</summary>
    public IReadOnlyList<int> StopTokenIds { get; }

    /// <summary>Fills batches; may equal the EOS, so masks must come from lengths, never from ids.</summary>
    public int PadTokenId { get; }

    /// <summary>Reads tokenizer, chat template and stop tokens of a model folder.</summary>
    /// <param name="clock">For templates that print the date; the system's when not given.</param>
    /// <exception cref="BadInputException">A file is missing or not supported, the tokenizer has more ids than the model, or the template does not suit training.</exception>
    public static ConversationEncoder Load(string modelFolder, int maxLength = int.MaxValue, int maxPromptLength = int.MaxValue, TimeProvider? clock = null)
    {
        var tokenizer = Tokenizer.Load(modelFolder);
        var config = ModelConfig.Load(Path.Combine(modelFolder, "config.json"));
        if (tokenizer.VocabSize > config.VocabSize)
            throw new BadInputException($"{modelFolder}: the tokenizer has ids up to {tokenizer.VocabSize - 1}, but config.json has vocab_size {config.VocabSize}");
        return new ConversationEncoder(tokenizer, ChatTemplate.Of(tokenizer, clock), ModelFolder.ReadStopTokens(modelFolder, config), maxLength, maxPromptLength);
    }

    /// <summary>Ids of a conversation up to where the model is to answer, the last ones that the prompt's length allows.</summary>
    /// <exception cref="BadInputException">The template refuses the conversation.</exception>
    public int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => EncodedExample.Fit(Tokenizer.Encode(PromptText(messages)), [], _maxPromptLength, _maxLength).Prompt;

    /// <inheritdoc cref="EncodePrompt(IReadOnlyList{ChatMessage})"/>
    public int[] EncodePrompt(Example example) => EncodePrompt(MessagesOf(example));

    /// <summary>Prompt and human answer, cut to length. The answer ends with the one EOS unless it was cut; it is empty when the prompt leaves no room.</summary>
    /// <exception cref="BadInputException">The template refuses the conversation, or renders its prompt otherwise when an answer follows.</exception>
    public EncodedExample Encode(Example example) => Encode(MessagesOf(example), example.Response);

    /// <inheritdoc cref="Encode(Example)"/>
    public EncodedExample Encode(IReadOnlyList<ChatMessage> prompt, string answer)
    {
        var text = PromptText(prompt);
        int[] trained = [.. Tokenizer.EncodeAfter(text, TrainedText(Shielded(prompt), Tokenizer.Shield(answer))), EosId];
        return EncodedExample.Fit(Tokenizer.Encode(text), trained, _maxPromptLength, _maxLength);
    }

    /// <summary>The text of an answer's ids, without control tokens.</summary>
    public string DecodeAnswer(IEnumerable<int> ids) => Tokenizer.Decode(ids, skipSpecial: true);

    private string PromptText(IReadOnlyList<ChatMessage> messages) => Template.Render(Shielded(messages), addGenerationPrompt: true);

    /// <summary>An example's prompt as a conversation.</summary>
    internal static List<ChatMessage> MessagesOf(Example example)
    {
        var user = new ChatMessage("user", example.Prompt);
        return example.System is { } system ? [new ChatMessage("system", system), user] : [user];
    }

    private List<ChatMessage> Shielded(IReadOnlyList<ChatMessage> messages) => [.. messages.Select(message => message with { Content = Tokenizer.Shield(message.Content) })];

    /// <summary>What the template writes after the prompt, up to the token that closes the turn.</summary>
    private string TrainedText(List<ChatMessage> prompt, string answer)
    {
        var rest = TemplateSuitability.AfterPrompt(Template, prompt, answer);
        // The last one is the template's own: those in the answer are shielded.
        var end = rest.LastIndexOf(_eosText, StringComparison.Ordinal);
        return end >= 0 ? rest[..end] : throw new BadInputException($"the chat template does not close this answer with '{_eosText}'");
    }
}
