namespace SpinStudio.Engine.Tokenization;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">system, user or assistant.</param>
public sealed record ChatMessage(string Role, string Content);
