using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Model servers of a team, and what a judge among them says of pairs of answers.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123004000_ServersAndJudgings")]
public sealed class ServersAndJudgings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "TeamServers",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 100),
                Address = table.Column<string>(maxLength: 1000),
                Model = table.Column<string>(maxLength: 300),
                ProtectedKey = table.Column<string>(nullable: true),
                CreatedBy = table.Column<string>(maxLength: 256),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_TeamServers", row => row.Id);
                table.ForeignKey("FK_TeamServers_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Judgings",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 200),
                State = table.Column<string>(maxLength: 16),
                Error = table.Column<string>(nullable: true),
                ServerId = table.Column<Guid>(nullable: true),
                ServerName = table.Column<string>(maxLength: 100),
                ServerModel = table.Column<string>(maxLength: 300),
                Template = table.Column<string>(),
                Contestants = table.Column<string>(),
                Split = table.Column<string>(maxLength: 16),
                Seed = table.Column<int>(),
                Prompts = table.Column<int>(),
                Requests = table.Column<int>(),
                Identical = table.Column<int>(),
                MaxTokens = table.Column<int>(),
                Parallel = table.Column<int>(),
                CreatedBy = table.Column<string>(maxLength: 256),
                CreatedAt = table.Column<long>(),
                EndedAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Judgings", row => row.Id);
                table.ForeignKey("FK_Judgings_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Judgings_TeamServers_ServerId", row => row.ServerId, principalTable: "TeamServers", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
            });

        migrationBuilder.CreateTable(
            name: "Verdicts",
            columns: table => new
            {
                Id = table.Column<long>().Annotation("Sqlite:Autoincrement", true),
                JudgingId = table.Column<Guid>(),
                PromptId = table.Column<string>(maxLength: 64),
                First = table.Column<string>(maxLength: 64),
                Second = table.Column<string>(maxLength: 64),
                Swapped = table.Column<bool>(),
                FirstLength = table.Column<int>(),
                SecondLength = table.Column<int>(),
                Asked = table.Column<string>(),
                Answer = table.Column<string>(nullable: true),
                Outcome = table.Column<string>(maxLength: 16, nullable: true),
                Error = table.Column<string>(nullable: true),
                AskedTokens = table.Column<int>(nullable: true),
                AnswerTokens = table.Column<int>(nullable: true),
                Seconds = table.Column<double>(nullable: true),
                At = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Verdicts", row => row.Id);
                table.ForeignKey("FK_Verdicts_Judgings_JudgingId", row => row.JudgingId, principalTable: "Judgings", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateIndex("IX_TeamServers_TeamId_Name", "TeamServers", ["TeamId", "Name"], unique: true);
        migrationBuilder.CreateIndex("IX_Judgings_TeamId_CreatedAt", "Judgings", ["TeamId", "CreatedAt"]);
        migrationBuilder.CreateIndex("IX_Judgings_ServerId", "Judgings", "ServerId");
        migrationBuilder.CreateIndex("IX_Verdicts_JudgingId_PromptId_First_Second_Swapped", "Verdicts", ["JudgingId", "PromptId", "First", "Second", "Swapped"], unique: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("Verdicts");
        migrationBuilder.DropTable("Judgings");
        migrationBuilder.DropTable("TeamServers");
    }
}
