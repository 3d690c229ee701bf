namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Whether a chat template suits training with a tokenizer: it writes a prompt the same with and without an answer after it, the answer as it is, a control token that
/// closes the answer, and at most one BOS. Tried on a short conversation; needs no model.
/// </summary>
public sealed class TemplateSuitability
{
    private const string Question = "What is one and one?";
    private const string Answer = "Two.";

    private TemplateSuitability(Tokenizer tokenizer, ChatTemplate template)
    {
        var problems = new List<string>();
        Problems = problems;
        try
        {
            List<ChatMessage> prompt = [new("user", Question)];
            Prompt = template.Render(prompt, addGenerationPrompt: true);
            var bos = tokenizer.BosTokenId is { } id ? tokenizer.Encode(Prompt).TakeWhile(token => token == id).Count() : 0;
            if (bos > 1)
                problems.Add($"the chat template starts a prompt with {bos} BOS tokens; it must be at most one");
            Trained = AfterPrompt(template, prompt, Answer);
            var answer = Trained.LastIndexOf(Answer, StringComparison.Ordinal);
            if (answer < 0)
            {
                problems.Add("the chat template does not write the assistant's answer as it is");
                return;
            }
            ClosingTokenId = tokenizer.Encode(Trained[(answer + Answer.Length)..]).Where(tokenizer.IsSpecial).Cast<int?>().FirstOrDefault();
            if (ClosingTokenId is null)
                problems.Add("the chat template does not close the assistant's turn with a control token, so an answer would have no end");
            TakesSystem = Renders(template, [new ChatMessage("system", "Be brief."), .. prompt]);
            TakesSeveralTurns = Renders(template, [.. prompt, new ChatMessage("assistant", Answer), .. prompt]);
        }
        catch (BadInputException e)
        {
            problems.Add(e.Message);
        }
    }

    /// <summary>What speaks against training with the template, a sentence each; empty: nothing.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>How a short question is put to the model; null when the template refuses it.</summary>
    public string? Prompt { get; }

    /// <summary>What stands after it once there is an answer; that up to the closing token is trained on. Null when the template refuses it.</summary>
    public string? Trained { get; }

    /// <summary>The control token with which the template closes an assistant's turn.</summary>
    public int? ClosingTokenId { get; }

    /// <summary>Conversations may begin with a system message.</summary>
    public bool TakesSystem { get; }

    /// <summary>Conversations may go on after the first answer.</summary>
    public bool TakesSeveralTurns { get; }

    /// <summary>Tries the template.</summary>
    public static TemplateSuitability Of(Tokenizer tokenizer, ChatTemplate template) => new(tokenizer, template);

    /// <summary>What the template writes after a prompt when an answer follows.</summary>
    /// <exception cref="BadInputException">The template refuses the conversation, or writes the prompt otherwise when an answer follows.</exception>
    internal static string AfterPrompt(ChatTemplate template, IReadOnlyList<ChatMessage> prompt, string answer)
    {
        var opened = template.Render(prompt, addGenerationPrompt: true);
        var whole = template.Render([.. prompt, new ChatMessage("assistant", answer)], addGenerationPrompt: false);
        return whole.StartsWith(opened, StringComparison.Ordinal)
            ? whole[opened.Length..]
            : throw new BadInputException("the chat template writes a prompt with add_generation_prompt otherwise than the same prompt with an answer after it; it cannot be trained on");
    }

    private static bool Renders(ChatTemplate template, List<ChatMessage> conversation)
    {
        try
        {
            template.Render(conversation, addGenerationPrompt: true);
            return true;
        }
        catch (BadInputException)
        {
            return false;
        }
    }
}
