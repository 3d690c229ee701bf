namespace SpinStudio.Web.Features.Runs.New;

/// <summary>Settings as people read them.</summary>
internal static class SettingText
{
    /// <summary>A field's value in the words of the form.</summary>
    public static string Label(RunField field, string value) =>
        field.Choices.FirstOrDefault(choice => choice.Value == value).Label ?? value switch { "true" => "yes", "false" => "no", "" => "–", _ => value };

    /// <summary>The field's name in the form, or the key where it has none.</summary>
    public static string NameOf(string key) => RunField.All.FirstOrDefault(field => field.Key == key)?.Label ?? key;

    public static string PhaseName(string phase) => phase switch
    {
        "evaluate" => "Evaluating",
        "generate" => "Generating",
        "score" => "Scoring",
        "train" => "Training",
        _ => "Saving",
    };
}
