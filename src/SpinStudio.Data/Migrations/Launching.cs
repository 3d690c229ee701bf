using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Pause and discard, a queue that can be held and paused, times of phases, a run's parent and group, and a team's own presets.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122400000_Launching")]
public sealed class Launching : Migration
{
    private static readonly string[] RunColumns =
        ["PausedAt", "PausedById", "DiscardAskedAt", "HeldAt", "HeldById", "ExpectedSeconds", "ParentRunId", "ParentIteration", "ParentChanges", "GroupName"];

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.AddColumn<long>("PausedAt", "Runs", nullable: true);
        migrationBuilder.AddColumn<Guid>("PausedById", "Runs", nullable: true);
        migrationBuilder.AddColumn<long>("DiscardAskedAt", "Runs", nullable: true);
        migrationBuilder.AddColumn<long>("HeldAt", "Runs", nullable: true);
        migrationBuilder.AddColumn<Guid>("HeldById", "Runs", nullable: true);
        migrationBuilder.AddColumn<double>("ExpectedSeconds", "Runs", nullable: true);
        migrationBuilder.AddColumn<Guid>("ParentRunId", "Runs", nullable: true);
        migrationBuilder.AddColumn<int>("ParentIteration", "Runs", nullable: true);
        migrationBuilder.AddColumn<string>("ParentChanges", "Runs", nullable: true);
        migrationBuilder.AddColumn<string>("GroupName", "Runs", maxLength: 200, nullable: true);

        migrationBuilder.CreateTable(
            name: "QueuePauses",
            columns: table => new
            {
                TeamId = table.Column<Guid>(),
                PausedById = table.Column<Guid>(nullable: true),
                PausedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_QueuePauses", row => row.TeamId);
                table.ForeignKey("FK_QueuePauses_Teams_TeamId", row => row.TeamId, "Teams", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "PhaseTimings",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Iteration = table.Column<int>(),
                Phase = table.Column<string>(maxLength: 16),
                StartedAt = table.Column<long>(),
                FinishedAt = table.Column<long>(nullable: true),
                Units = table.Column<long>(),
                TokensPerSecond = table.Column<double>(),
                Broken = table.Column<bool>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_PhaseTimings", row => new { row.RunId, row.Iteration, row.Phase });
                table.ForeignKey("FK_PhaseTimings_Runs_RunId", row => row.RunId, "Runs", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "TeamPresets",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 100),
                Config = table.Column<string>(),
                ChangedById = table.Column<Guid>(nullable: true),
                ChangedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_TeamPresets", row => row.Id);
                table.ForeignKey("FK_TeamPresets_Teams_TeamId", row => row.TeamId, "Teams", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("IX_TeamPresets_TeamId_Name", "TeamPresets", ["TeamId", "Name"], unique: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.DropTable("TeamPresets");
        migrationBuilder.DropTable("PhaseTimings");
        migrationBuilder.DropTable("QueuePauses");

        // Plain SQL that both providers know: EF's own DropColumn would rebuild the table from a snapshot, and there is none.
        foreach (var column in RunColumns)
        {
            migrationBuilder.Sql($"ALTER TABLE \"Runs\" DROP COLUMN \"{column}\"");
        }
    }
}
