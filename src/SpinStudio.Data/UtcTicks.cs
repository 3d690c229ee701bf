using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SpinStudio.Data;

/// <summary>Stores a time as its UTC ticks, so that every provider sorts and compares it alike (SQLite cannot order its own text form).</summary>
public sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(time => time.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
