using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Engine.Samples;

/// <summary>One task with its words chosen: it can be put as an instruction, answered well and answered sloppily, each in several ways.</summary>
public abstract record SampleItem
{
    /// <summary>Task family, and kind of its exact check.</summary>
    public abstract string Kind { get; }

    /// <summary>The chosen words. What is held out is held out by combination, so that no wording of it is ever trained on.</summary>
    public abstract string Combination { get; }

    /// <summary>An instruction as a person would put it.</summary>
    public abstract string Prompt(SampleRandom random);

    /// <summary>An answer that passes the check.</summary>
    public abstract string Good(SampleRandom random);

    /// <summary>An answer with exactly one fault, which the check finds.</summary>
    public abstract string Sloppy(SampleRandom random);

    /// <summary>What the exact check needs to know; a <c>kind</c> is added.</summary>
    protected abstract JsonObject Facts();

    public Example ToExample(SampleRandom random, bool sloppy)
    {
        string prompt = Prompt(random);
        return new Example(prompt, sloppy ? Sloppy(random) : Good(random), Check: Check());
    }

    public JsonElement Check()
    {
        JsonObject facts = Facts();
        facts.Insert(0, "kind", Kind);
        return JsonSerializer.SerializeToElement(facts);
    }
}
