using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Blind votes: arenas with their contestants, prompts, answers and ballots.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123010000_Arenas")]
public sealed class Arenas : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "Arenas",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 200),
                Split = table.Column<string>(maxLength: 16),
                VotesPerPair = table.Column<int>(nullable: true),
                CreatedBy = table.Column<string>(maxLength: 256),
                CreatedAt = table.Column<long>(),
                ClosedAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Arenas", row => row.Id);
                table.ForeignKey("FK_Arenas_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "ArenaContestants",
            columns: table => new
            {
                ArenaId = table.Column<Guid>(),
                Number = table.Column<int>(),
                Source = table.Column<string>(maxLength: 64),
                Name = table.Column<string>(maxLength: 300),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_ArenaContestants", row => new { row.ArenaId, row.Number });
                table.ForeignKey("FK_ArenaContestants_Arenas_ArenaId", row => row.ArenaId, principalTable: "Arenas", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "ArenaPrompts",
            columns: table => new
            {
                ArenaId = table.Column<Guid>(),
                Number = table.Column<int>(),
                PromptId = table.Column<string>(maxLength: 16),
                System = table.Column<string>(nullable: true),
                Text = table.Column<string>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_ArenaPrompts", row => new { row.ArenaId, row.Number });
                table.ForeignKey("FK_ArenaPrompts_Arenas_ArenaId", row => row.ArenaId, principalTable: "Arenas", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "ArenaAnswers",
            columns: table => new
            {
                ArenaId = table.Column<Guid>(),
                Prompt = table.Column<int>(),
                Contestant = table.Column<int>(),
                Text = table.Column<string>(),
                SameAs = table.Column<int>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_ArenaAnswers", row => new { row.ArenaId, row.Prompt, row.Contestant });
                table.ForeignKey("FK_ArenaAnswers_Arenas_ArenaId", row => row.ArenaId, principalTable: "Arenas", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        Ballots(migrationBuilder);
        migrationBuilder.CreateIndex("IX_Arenas_TeamId", "Arenas", "TeamId");
        migrationBuilder.CreateIndex("IX_ArenaBallots_ArenaId_UserId_Prompt_One_Two", "ArenaBallots", ["ArenaId", "UserId", "Prompt", "One", "Two"], unique: true);
        migrationBuilder.CreateIndex("IX_ArenaBallots_UserId", "ArenaBallots", "UserId");
    }

    private static void Ballots(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        name: "ArenaBallots",
        columns: table => new
        {
            Id = table.Column<Guid>(),
            ArenaId = table.Column<Guid>(),
            UserId = table.Column<Guid>(nullable: true),
            UserName = table.Column<string>(maxLength: 256),
            Kind = table.Column<string>(maxLength: 16),
            Prompt = table.Column<int>(),
            One = table.Column<int>(),
            Two = table.Column<int>(),
            Swapped = table.Column<bool>(),
            DrawnAt = table.Column<long>(),
            ExpiresAt = table.Column<long>(),
            Outcome = table.Column<string>(maxLength: 16, nullable: true),
            VotedAt = table.Column<long>(nullable: true),
            Comment = table.Column<string>(nullable: true),
        },
        constraints: table =>
        {
            table.PrimaryKey("PK_ArenaBallots", row => row.Id);
            table.ForeignKey("FK_ArenaBallots_Arenas_ArenaId", row => row.ArenaId, principalTable: "Arenas", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            table.ForeignKey("FK_ArenaBallots_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
        });

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("ArenaBallots");
        migrationBuilder.DropTable("ArenaAnswers");
        migrationBuilder.DropTable("ArenaPrompts");
        migrationBuilder.DropTable("ArenaContestants");
        migrationBuilder.DropTable("Arenas");
    }
}
