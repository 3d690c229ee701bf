namespace SpinStudio.Web.Features;

/// <summary>A slice of a longer list.</summary>
/// <param name="Total">Length of the whole list.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, int Total);
