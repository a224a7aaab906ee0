// `import …` and `export …` of the command line on the program as it ships.
#include "cli_runner.h"
#include "core/original_gpt_file.h"
#include "core/random_models.h"

#include <QDir>

using namespace tt::test;

class TestCliExchange : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    Cli cli_{folder_.path()};

    [[nodiscard]] std::string path(const char *name) const { return cli_.path(name).toStdString(); }
    [[nodiscard]] CliResult json(const QStringList &arguments) const {
        return cli_.run(QStringList{"--json"} + arguments);
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(makeCorpus(cli_));
        QCOMPARE(cli_.run(QStringList{"gpt", "train", "--run", "g"} + tinyGpt(6)).code, 0);
        QCOMPARE(cli_.run(QStringList{"transcoder", "train", "--name", "t"} + tinyTranscoder(10)).code, 0);
        SavedByTorch gpt, transcoder;
        const std::string root = originalGpt(gpt, randomGpt<float>({.vocabSize = 400,
                                                                    .dModel = 20,
                                                                    .heads = 3,
                                                                    .headSize = 6,
                                                                    .layers = 2,
                                                                    .context = 16,
                                                                    .tokenizer = {}},
                                                                   8));
        writeBytes(path("gpt_1_50000.pth"), gpt.file(root));
        const std::string other = originalTranscoder(transcoder, 2, 20, 48);
        writeBytes(path("transcoder.pth"), transcoder.file(other));
    }

    void the_python_programs_files_are_imported_and_used() {
        const CliResult imported = json({"import", "original", "--gpt", "gpt_1_50000.pth", "--transcoder",
                                         "transcoder.pth", "--k", "6", "--run", "py", "--name", "py-t"});
        QVERIFY2(imported.code == 0, qPrintable(describe(imported)));
        QCOMPARE(imported.object()["gpt"].toString(), "py");
        QCOMPARE(imported.object()["transcoder"].toString(), "py-t");
        QVERIFY(imported.object()["warnings"].isArray());
        const CliResult active = json({"features", "active", "--name", "py-t", "--prompt", "Once upon a time"});
        QVERIFY2(active.code == 0, qPrintable(describe(active)));
        const auto tokens = active.object()["tokens"].toArray().size();
        QCOMPARE(active.object()["active"].toArray().size(), tokens * 2 * 6);
        for (const QStringList &declined :
             {QStringList{"graph", "trace", "--name", "py-t", "--prompt", "Once upon a", "--out", "x.svg"},
              QStringList{"intervene", "--name", "py-t", "--prompt", "Once upon a", "--ablate", "0/last/1"},
              QStringList{"export", "circuit-tracer", "--name", "py-t", "--out", "x"}}) {
            const CliResult result = json(declined);
            QVERIFY2(result.code != 0 && result.error().contains("layer-normed"), qPrintable(describe(result)));
            QVERIFY2(!result.error().contains('\n'), qPrintable(result.error()));
        }
        QVERIFY(!QFile::exists(cli_.path("x.svg")) && !QFile::exists(cli_.path("x")));
    }

    void what_was_imported_has_no_training_to_go_on_with() {
        for (const QStringList &resumed : {QStringList{"gpt", "train", "--run", "py", "--resume"},
                                           QStringList{"transcoder", "train", "--name", "py-t", "--resume"}}) {
            const CliResult refused = json(resumed);
            QCOMPARE(refused.code, 2);
            QVERIFY2(refused.error().contains(resumed[3] + " was imported from the Python TinyTranscoder and has no"),
                     qPrintable(refused.error()));
        }
    }

    void what_would_be_run_is_refused_in_one_line() {
        writeBytes(path("hostile.pth"),
                   zipArchive({zipFile("a/data.pkl", "\x80\x02" + pickledName("os", "system") + "(" +
                                                         pickled("touch was-run") + "tR.")}));
        const CliResult refused = json({"import", "original", "--gpt", "hostile.pth"});
        QCOMPARE(refused.code, 1);
        QVERIFY2(refused.error().contains("os.system") && !refused.error().contains('\n'), qPrintable(refused.error()));
        QVERIFY(refused.out.isEmpty());
        QVERIFY(!QFile::exists(cli_.path("was-run")));
    }

    void a_transcoder_goes_out_and_comes_back_data() {
        QTest::addColumn<QString>("format");
        QTest::addColumn<bool>("converted");
        QTest::newRow("circuit-tracer") << "circuit-tracer" << false;
        QTest::newRow("saelens") << "saelens" << true;
        QTest::newRow("safetensors") << "safetensors" << false;
    }
    void a_transcoder_goes_out_and_comes_back() {
        QFETCH(QString, format);
        QFETCH(bool, converted);
        const CliResult out = json({"export", format, "--name", "t", "--out", format});
        QVERIFY2(out.code == 0, qPrintable(describe(out)));
        QVERIFY(!out.object()["files"].toArray().isEmpty());
        for (const auto &file : out.object()["files"].toArray())
            QVERIFY(QFile::exists(cli_.path(file.toString())));
        QVERIFY(!converted || out.object()["conversion"].toObject()["after"].toObject()["fvu"].toDouble() > 0);
        const CliResult back = json({"import", "transcoder", format});
        QVERIFY2(back.code == 0, qPrintable(describe(back)));
        QCOMPARE(back.object()["gpt_run"].toString(), "g");
        QVERIFY(!back.object()["files"].toArray().isEmpty());
        const QString name = back.object()["name"].toString();
        if (!converted)
            QCOMPARE(cli_.read("workspace/transcoders/" + name + "/config.json"),
                     cli_.read("workspace/transcoders/t/config.json"));
        if (!converted)
            return;
        const CliResult graph =
            json({"graph", "trace", "--name", name, "--prompt", "Once upon a", "--out", format + ".csv"});
        QVERIFY2(graph.code == 0, qPrintable(describe(graph)));
        QCOMPARE(json({"export", format, "--name", "t", "--out", format}).code, 2); // not empty
        QCOMPARE(json({"transcoder", "eval", "--name", name}).code, 0);
    }

    void a_folder_that_is_none_is_refused() {
        QDir(folder_.path()).mkdir("empty");
        const CliResult refused = json({"import", "transcoder", "empty"});
        QCOMPARE(refused.code, 1);
        QVERIFY2(refused.error().contains("config.yaml"), qPrintable(refused.error()));
        QCOMPARE(json({"import", "transcoder"}).code, 2);
        QCOMPARE(json({"export", "onnx", "--out", "y"}).code, 2);
    }
};

QTEST_GUILESS_MAIN(TestCliExchange)
#include "test_cli_exchange.moc"
