namespace SpinStudio.Data;

/// <summary>Something a person chose or began, kept on the server so that it follows the person between machines: how charts look, a form's draft.</summary>
public sealed class UserSetting
{
    public Guid UserId { get; set; }

    public AppUser? User { get; set; }

    /// <summary>What it is for, such as charts or draft:new-run.</summary>
    public required string Key { get; set; }

    /// <summary>JSON.</summary>
    public required string Value { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}
