namespace SpinStudio.Engine.Tokenization;

/// <summary>A token that is found in the text itself, before any splitting or merging.</summary>
/// <param name="Content">As it stands in the text.</param>
/// <param name="Special">A control token: left out of decoded answers, and never made from a user's text.</param>
/// <param name="LeftStrip">Takes the blanks before it along.</param>
/// <param name="RightStrip">Takes the blanks after it along.</param>
/// <param name="SingleWord">Counts only where no letter, digit or underscore touches it.</param>
/// <param name="Normalized">Searched for after normalization instead of before.</param>
public sealed record AddedToken(int Id, string Content, bool Special, bool LeftStrip = false, bool RightStrip = false, bool SingleWord = false, bool Normalized = false);
