using System.Globalization;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Blocks of curves for long runs, seconds by phase, and how alike answers are.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122500000_RunCurves")]
public sealed class RunCurves : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "MetricBlocks",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Size = table.Column<int>(),
                Name = table.Column<string>(maxLength: 100),
                First = table.Column<long>(),
                Iteration = table.Column<int>(),
                Count = table.Column<int>(),
                Sum = table.Column<double>(),
                Low = table.Column<double>(nullable: true),
                LowStep = table.Column<long>(),
                LowTokens = table.Column<long>(),
                LowAt = table.Column<long>(),
                High = table.Column<double>(nullable: true),
                HighStep = table.Column<long>(),
                HighTokens = table.Column<long>(),
                HighAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_MetricBlocks", row => new { row.RunId, row.Size, row.Name, row.First });
                table.ForeignKey("FK_MetricBlocks_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.AddColumn<double>("ToHuman", "Samples", nullable: true);
        migrationBuilder.AddColumn<double>("ToPrevious", "Samples", nullable: true);
        foreach (var size in MetricBlock.Sizes)
        {
            migrationBuilder.Sql(Blocks(size));
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("MetricBlocks");
        foreach (var column in (ReadOnlySpan<string>)["ToHuman", "ToPrevious"])
        {
            // Every provider can drop a column; the general operation would have SQLite build the table anew from a model that this migration does not carry.
            migrationBuilder.Sql($"""ALTER TABLE "Samples" DROP COLUMN "{column}";""");
        }
    }

    /// <summary>The blocks of the points that are there already: in each, the rows of its smallest and its largest value.</summary>
    private static string Blocks(int size) => string.Format(CultureInfo.InvariantCulture, """
        WITH "Placed" AS (
          SELECT *, "GlobalStep" - "Step" % {0} AS "First" FROM "MetricPoints"
        ), "Ranked" AS (
          SELECT *,
            ROW_NUMBER() OVER (PARTITION BY "RunId", "Name", "First" ORDER BY CASE WHEN "Value" IS NULL THEN 1 ELSE 0 END, "Value", "GlobalStep") AS "FromLow",
            ROW_NUMBER() OVER (PARTITION BY "RunId", "Name", "First" ORDER BY CASE WHEN "Value" IS NULL THEN 1 ELSE 0 END, "Value" DESC, "GlobalStep") AS "FromHigh",
            COUNT("Value") OVER (PARTITION BY "RunId", "Name", "First") AS "Finite",
            COALESCE(SUM("Value") OVER (PARTITION BY "RunId", "Name", "First"), 0) AS "Total"
          FROM "Placed"
        )
        INSERT INTO "MetricBlocks" ("RunId", "Size", "Name", "First", "Iteration", "Count", "Sum", "Low", "LowStep", "LowTokens", "LowAt", "High", "HighStep", "HighTokens", "HighAt")
        SELECT low."RunId", {0}, low."Name", low."First", low."Iteration", low."Finite", low."Total", low."Value", low."GlobalStep", low."Tokens", low."At", high."Value", high."GlobalStep", high."Tokens", high."At"
        FROM "Ranked" low JOIN "Ranked" high ON high."RunId" = low."RunId" AND high."Name" = low."Name" AND high."First" = low."First"
        WHERE low."FromLow" = 1 AND high."FromHigh" = 1;
        """, size);
}
