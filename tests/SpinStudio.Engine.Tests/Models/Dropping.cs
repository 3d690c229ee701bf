namespace SpinStudio.Engine.Tests.Models;

/// <summary>Tests that drop inputs of adapters, one after the other: what is dropped is drawn from random numbers that the process has once.</summary>
[CollectionDefinition(nameof(Dropping))]
public sealed class Dropping;
