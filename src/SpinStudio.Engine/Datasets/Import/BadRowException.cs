namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Why a row is no example.</summary>
internal sealed class BadRowException(string message) : Exception(message);
