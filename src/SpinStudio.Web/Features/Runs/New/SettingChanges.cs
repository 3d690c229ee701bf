using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>What two configs have differently, setting by setting; names and paths are left out.</summary>
internal static class SettingChanges
{
    public static IReadOnlyList<SettingChange> Between(RunConfig from, RunConfig to) =>
    [
        .. RunField.All
            .Select(field => new SettingChange(field.Key, RunForm.TextIn(from, field), RunForm.TextIn(to, field)))
            .Where(change => change.From != change.To),
    ];
}
