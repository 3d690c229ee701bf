using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Samples;

/// <summary>A short sentence to be put into the past tense, into a question or into the negative, or with its subject replaced.</summary>
public sealed record RewriteItem(RewriteItem.Change Task, string Subject, RewriteItem.Verb Does, string Object, string Place, string NewSubject) : SampleItem
{
    public const string KindName = "rewrite";

    public enum Change
    {
        Past,
        Question,
        Negative,
        Replace,
    }

    /// <summary>Third person, past tense and plain form.</summary>
    public sealed record Verb(string Present, string Past, string Plain);

    public override string Kind => KindName;

    /// <summary>The right answer: whatever is rewritten to it belongs to the same split.</summary>
    public override string Combination => Answer();

    public static RewriteItem Draw(SampleRandom random)
    {
        var task = (Change)random.Below(4);
        string subject = random.Of(Vocabulary.Heroes);
        return new(task, subject, random.Of(Verbs), random.Of(Vocabulary.Objects), random.Of(Places), task == Change.Replace ? random.Except(Vocabulary.Heroes, subject) : "");
    }

    public override string Prompt(SampleRandom random) => (Task switch
    {
        Change.Past => random.Of(["Put this sentence into the past tense", "Rewrite this in the past tense"]),
        Change.Question => random.Of(["Turn this sentence into a question", "Make a question of this"]),
        Change.Negative => random.Of(["Say the opposite with \"not\"", "Put \"not\" into this sentence"]),
        _ => random.Of([$"Replace {Subject} with {NewSubject}", $"Write {NewSubject} for {Subject}"]),
    }) + ": " + Plain();

    public override string Good(SampleRandom random) => Answer();

    public override string Sloppy(SampleRandom random)
    {
        string sloppy = random.Below(5) switch
        {
            0 => Plain(),
            1 => (this with { Object = random.Except(Vocabulary.Objects, Object) }).Answer(),
            2 => Task == Change.Replace
                ? (this with { NewSubject = random.Except(Vocabulary.Heroes, NewSubject) }).Answer()
                : (this with { Subject = random.Except(Vocabulary.Heroes, Subject) }).Answer(),
            3 => (this with { Place = random.Except(Places, Place) }).Answer(),
            _ => Answer().Replace(" the ", " the the ", StringComparison.Ordinal),
        };
        return sloppy == Answer() ? Plain() : sloppy;
    }

    protected override JsonObject Facts() => new() { ["answer"] = Answer() };

    private string Plain() => $"{Subject} {Does.Present} the {Object} {Place}.";

    private string Answer() => Task switch
    {
        Change.Past => $"{Subject} {Does.Past} the {Object} {Place}.",
        Change.Question => $"Does {Subject} {Does.Plain} the {Object} {Place}?",
        Change.Negative => $"{Subject} does not {Does.Plain} the {Object} {Place}.",
        _ => $"{NewSubject} {Does.Present} the {Object} {Place}.",
    };

    private static readonly Verb[] Verbs =
    [
        new("brings", "brought", "bring"), new("buys", "bought", "buy"), new("carries", "carried", "carry"), new("cleans", "cleaned", "clean"),
        new("draws", "drew", "draw"), new("drops", "dropped", "drop"), new("finds", "found", "find"), new("hides", "hid", "hide"),
        new("holds", "held", "hold"), new("keeps", "kept", "keep"), new("loses", "lost", "lose"), new("moves", "moved", "move"),
        new("paints", "painted", "paint"), new("sees", "saw", "see"), new("sells", "sold", "sell"), new("takes", "took", "take"),
    ];

    private static readonly string[] Places = ["at home", "at school", "by the river", "in the garden", "in the park", "in town", "near the bridge", "on the hill"];
}
