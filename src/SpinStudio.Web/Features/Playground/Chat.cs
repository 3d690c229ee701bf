namespace SpinStudio.Web.Features.Playground;

/// <summary>What somebody has open in the playground; kept on the server, so that it is there after a reload and on another machine.</summary>
public sealed class Chat
{
    /// <summary>One or two models that get the same questions.</summary>
    public List<Guid> Models { get; set; } = [];

    public string System { get; set; } = "";

    public PlaygroundSettings Settings { get; set; } = new();

    /// <summary>Typed and not yet sent.</summary>
    public string Draft { get; set; } = "";

    public List<ChatTurn> Turns { get; set; } = [];
}

/// <summary>A question and the answer of each model, in the order of <see cref="Chat.Models"/>.</summary>
public sealed class ChatTurn
{
    public string Question { get; set; } = "";

    public List<ChatAnswer> Answers { get; set; } = [];
}

/// <summary>An answer, finished or in the making.</summary>
public sealed class ChatAnswer
{
    public List<AnswerPiece> Pieces { get; set; } = [];

    /// <summary>Why there is none, or no more.</summary>
    public string? Problem { get; set; }

    /// <summary>From the question to the last piece.</summary>
    public double Seconds { get; set; }

    public string Text => string.Concat(Pieces.Select(piece => piece.Text));

    /// <summary>Mean log-prob of a piece; null when there are none.</summary>
    public double? MeanLogProb => Pieces.Count > 0 ? Pieces.Average(piece => piece.LogProb) : null;
}
