namespace SpinStudio.Engine;

/// <summary>
/// Input that the engine refuses, in one line for the person who gave it: the value, the limit and the fix. The command line prints the message
/// and exits with 2; a run records it as its cause of failure.
/// </summary>
public sealed class BadInputException : Exception
{
    public BadInputException(string message) : base(message)
    {
    }

    public BadInputException(string message, Exception inner) : base(message, inner)
    {
    }
}
