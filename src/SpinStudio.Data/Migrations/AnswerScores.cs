using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>How the models hold held-out answers, prompt by prompt; and prompts looked up over all runs.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123000000_AnswerScores")]
public sealed class AnswerScores : Migration
{
    private static readonly string[] Columns = ["LogProb", "HumanLogProb", "RewardHuman", "RewardOpponent"];

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        foreach (var column in Columns)
            migrationBuilder.AddColumn<double>(column, "Samples", nullable: true);
        migrationBuilder.CreateIndex("IX_Samples_PromptId", "Samples", "PromptId");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.DropIndex("IX_Samples_PromptId", "Samples");

        // SQLite and PostgreSQL both have this statement; EF's generator for SQLite has not.
        foreach (var column in Columns)
            migrationBuilder.Sql($"""ALTER TABLE "Samples" DROP COLUMN "{column}";""");
    }
}
