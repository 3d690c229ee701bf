using SpinStudio.Engine.Datasets;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Turns examples into token ids: the prompt in the model's chat form with the assistant's turn opened, and the answer with exactly one EOS.</summary>
public sealed class ConversationEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly int _maxLength, _maxPromptLength;

    private ConversationEncoder(Tokenizer tokenizer, int maxLength, int maxPromptLength) => (_tokenizer, _maxLength, _maxPromptLength) = (tokenizer, maxLength, maxPromptLength);

    public int EosId => _tokenizer.EosTokenId ?? throw new BadInputException("tokenizer_config.json names no eos_token");

    public static ConversationEncoder Load(string folder, int maxLength, int maxPromptLength) => new(Tokenizer.Load(folder), maxLength, maxPromptLength);

    /// <summary>Ids of the prompt, the last <c>max_prompt_length</c> of them.</summary>
    public int[] EncodePrompt(Example example)
    {
        int[] ids = [.. _tokenizer.Encode("<|user|>"), .. _tokenizer.EncodePlain(example.Prompt), .. _tokenizer.Encode("<|assistant|>")];
        return ids[Math.Max(0, ids.Length - _maxPromptLength)..];
    }

    /// <summary>Prompt and answer; the answer is cut at <c>max_length</c>, then without EOS, and may be empty.</summary>
    public (int[] Prompt, int[] Answer) Encode(Example example)
    {
        var prompt = EncodePrompt(example);
        int[] answer = [.. _tokenizer.EncodePlain(example.Response), EosId];
        return (prompt, answer[..Math.Min(answer.Length, Math.Max(0, _maxLength - prompt.Length))]);
    }

    public string DecodeAnswer(IEnumerable<int> ids) => _tokenizer.Decode(ids);
}
