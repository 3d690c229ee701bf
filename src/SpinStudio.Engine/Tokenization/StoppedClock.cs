namespace SpinStudio.Engine.Tokenization;

/// <summary>A clock that stands still, so that a run's prompts say the same date from its first day to its last.</summary>
public sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => now;
}
