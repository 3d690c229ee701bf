namespace SpinStudio.Cli.Serving;

/// <summary>A request that is refused, in the words and with the code that clients of the OpenAI API know.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="parameter">The field of the request that is wrong.</param>
internal sealed class OpenAiException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    public object Body { get; } = new { error = new { message, type = status == 429 ? "rate_limit_error" : "invalid_request_error", param = parameter, code } };

    public static OpenAiException Bad(string parameter, string message) => new(400, message, parameter);
}
