namespace SpinStudio.Engine.Runs;

/// <summary>A setting that cannot be used.</summary>
/// <param name="Key">The setting as it is written in the file, nested ones with a dot: <c>generation.top_p</c>.</param>
/// <param name="Message">One line with the key, the limit, the value and a typical range.</param>
public sealed record ConfigProblem(string Key, string Message);
