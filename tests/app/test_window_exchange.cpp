// Weights of other programs, and stories, in the real window with its session, offscreen: chosen in dialogs and
// dropped.
#include "app/window_program.h"
#include "core/original_gpt_file.h"
#include "core/random_models.h"
#include "core/small_workspace.h"
#include "ui/fail_on_warning.h"

#include "core/io/safetensors.h"
#include "core/io/workspace.h"
#include "core/nn/transcoder.h"

#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/data/drop_zone.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chips.h"
#include "ui/widgets/elided_label.h"
#include "ui/window/exchange_menu.h"

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace tt;
using namespace tt::test;

namespace {
constexpr int patience = 30'000; // milliseconds; a machine under load
}

class TestWindowExchange : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<FailOnWarning> failOnWarning_;
    std::unique_ptr<WindowProgram> program_;

    [[nodiscard]] QString path(const QString &name) const { return folder_.filePath(name); }
    [[nodiscard]] QString status() const { return program_->window.status(); }
    [[nodiscard]] QStringList runs() const {
        QStringList names;
        for (const RunRow &row : program_->session.runs().rows())
            names << row.name + " " + row.what;
        return names;
    }
    /// What the window says somewhere, in a label that can be seen.
    [[nodiscard]] bool says(const QString &text) const {
        for (const QLabel *label : program_->window.findChildren<QLabel *>()) {
            const auto *elided = qobject_cast<const ElidedLabel *>(label);
            if (label->isVisible() && (elided ? elided->fullText() : label->text()).contains(text))
                return true;
        }
        return false;
    }
    /// Chooses an entry of the menu and answers its dialog.
    void choose(const QString &entry, const QStringList &files) const {
        for (QAction *action : program_->window.exchangeMenu().actions())
            if (action->text().remove('&') == entry)
                action->trigger();
        auto *dialog = program_->window.findChild<QFileDialog *>();
        QVERIFY2(dialog, qPrintable(entry));
        QStringList quoted;
        for (const QString &file : files)
            quoted << "\"" + file + "\"";
        dialog->setDirectory(folder_.path());
        auto *name = dialog->findChild<QLineEdit *>("fileNameEdit");
        QVERIFY(name);
        name->setText(files.size() == 1 ? files.first() : quoted.join(' '));
        QMetaObject::invokeMethod(dialog, "accept");
    }
    /// Drags files from elsewhere over the place where they are asked for, and lets them go. Whether they were taken.
    [[nodiscard]] bool drop(const QStringList &files) const {
        program_->window.goTo(MainWindow::Place::Data);
        QMimeData data;
        QList<QUrl> urls;
        for (const QString &file : files)
            urls << QUrl::fromLocalFile(file);
        data.setUrls(urls);
        auto *zone = program_->window.dataPlace().findChild<DropZone *>();
        QWidget *under = zone->childAt(zone->rect().center());
        under = under ? under : zone;
        QDragEnterEvent enter(under->rect().center(), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(under, &enter);
        if (!enter.isAccepted() || !zone->isLit())
            return false;
        QDropEvent event(QPointF(under->rect().center()), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(under, &event);
        return event.isAccepted() && !zone->isLit();
    }
    /// Answers how many features of the imported transcoder are active.
    void answerK(int k) const {
        QTRY_VERIFY_WITH_TIMEOUT(program_->window.findChild<QInputDialog *>(), patience);
        auto *dialog = program_->window.findChild<QInputDialog *>();
        auto *field = dialog->findChild<QSpinBox *>();
        QCOMPARE(field->accessibleName(), QString("Active features a token"));
        QCOMPARE(field->value(), 16);
        field->setValue(k);
        dialog->accept();
    }
    [[nodiscard]] QStringList corpora() const {
        QStringList names;
        for (const std::string &name : Workspace::open(path("workspace").toStdString()).corpora())
            names << QString::fromStdString(name);
        return names;
    }
    /// Everything that can be read, for a failure's message.
    [[nodiscard]] QByteArray words() const {
        QStringList all{status()};
        for (const QLabel *label : program_->window.findChildren<QLabel *>())
            if (label->isVisible() && !label->text().isEmpty())
                all << label->text();
        return all.join(QStringLiteral(" | ")).toUtf8();
    }
    [[nodiscard]] bool comesToSay(const QString &text) const {
        return QTest::qWaitFor([&] { return says(text); }, patience);
    }
    bool press(const QString &text) const {
        for (auto *button : program_->window.findChildren<QAbstractButton *>())
            if (button->isVisible() && button->text() == text)
                return button->click(), true;
        return false;
    }

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        failOnWarning_ = std::make_unique<FailOnWarning>();
        const SmallWorkspace made(path("workspace").toStdString());
        SavedByTorch gpt, transcoder;
        const std::string root = originalGpt(gpt, randomGpt<float>({.vocabSize = 350,
                                                                    .dModel = 20,
                                                                    .heads = 3,
                                                                    .headSize = 6,
                                                                    .layers = 2,
                                                                    .context = 16,
                                                                    .tokenizer = {}},
                                                                   8, 0.3));
        writeBytes(path("gpt_1_50000.pth").toStdString(), gpt.file(root));
        const std::string other = originalTranscoder(transcoder, 2, 20, 48);
        writeBytes(path("transcoder.pth").toStdString(), transcoder.file(other));
        program_ = std::make_unique<WindowProgram>();
        program_->session.open(path("workspace"));
        QTRY_VERIFY_WITH_TIMEOUT(status().startsWith("Opened"), patience);
    }

    void the_python_programs_files_are_chosen_together_and_shown() {
        const QSignalSpy traced(&program_->window.circuitsPlace(), &CircuitsPlace::traceRequested);
        choose("Of the Python TinyTranscoder…", {path("transcoder.pth"), path("gpt_1_50000.pth")});
        answerK(7);
        const QString both = QStringLiteral("gpt_1_50000 is here, and transcoder for it");
        QVERIFY2(QTest::qWaitFor([&] { return status() == both; }, patience), words());
        QVERIFY(says("graphs and interventions need one"));
        QVERIFY(comesToSay("gpt_1_50000 · transcoder")); // the only one there is
        QTRY_VERIFY_WITH_TIMEOUT(program_->window.promptBar().chips()->count() > 0, patience);
        QCOMPARE(traced.size(), 0); // unasked it would only fail
        QVERIFY(runs().contains("gpt_1_50000 imported from the Python TinyTranscoder"));
        QVERIFY(runs().contains("transcoder imported from the Python TinyTranscoder"));
        QCOMPARE(loadTranscoder(path("workspace/transcoders/transcoder").toStdString()).config.k, 7);
        QVERIFY(press("Show transcoder"));
        QCOMPARE(program_->window.place(), MainWindow::Place::Features);
        QTRY_COMPARE_WITH_TIMEOUT(program_->window.promptBar().transcoder(), QString("transcoder"), patience);
        QVERIFY2(comesToSay("gpt_1_50000 · transcoder"), words());
    }

    void a_graph_of_it_is_declined_in_a_sentence() {
        program_->window.goTo(MainWindow::Place::Circuits);
        const auto declined = [this] { // tracing begins once the transcoder is open
            program_->window.circuitsPlace().trace();
            return says("predicts layer-normed MLP outputs");
        };
        QVERIFY2(QTest::qWaitFor(declined, patience), words());
    }

    void a_dropped_gpt_is_imported_and_not_asked_about() {
        QVERIFY(drop({path("gpt_1_50000.pth")}));
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("gpt_1_50000-2 is here"), patience);
        QVERIFY(runs().contains("gpt_1_50000-2 imported from the Python TinyTranscoder"));
    }

    void a_dropped_transcoder_is_asked_about_and_left_when_that_is_cancelled() {
        const QStringList before = runs();
        QVERIFY(drop({path("transcoder.pth")}));
        QTRY_VERIFY_WITH_TIMEOUT(program_->window.findChild<QInputDialog *>(), patience);
        program_->window.findChild<QInputDialog *>()->reject();
        QTRY_VERIFY_WITH_TIMEOUT(!program_->window.findChild<QInputDialog *>(), patience);
        QCOMPARE(runs(), before);
        QVERIFY(drop({path("transcoder.pth")}));
        answerK(5);
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("transcoder-2 is here, for gpt_1_50000-2"), patience); // the newest
        QCOMPARE(loadTranscoder(path("workspace/transcoders/transcoder-2").toStdString()).config.k, 5);
    }

    void a_checkpoint_that_would_run_something_is_refused_and_nothing_is_run() {
        writeBytes(path("hostile.pth").toStdString(),
                   zipArchive({zipFile("a/data.pkl", "\x80\x02" + pickledName("os", "system") + "(" +
                                                         pickled("touch was-run") + "tR.")}));
        const QStringList before = runs();
        QVERIFY(drop({path("hostile.pth")}));
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("hostile.pth was not imported"), patience);
        QVERIFY(says("os.system"));
        QCOMPARE(runs(), before);
        QVERIFY(!QFile::exists("was-run"));
    }

    void a_dropped_file_of_the_wrong_kind_is_refused_in_words_data() {
        QTest::addColumn<QStringList>("files");
        QTest::addColumn<QString>("title");
        QTest::addColumn<QString>("why");
        writeBytes(path("picture.png").toStdString(), "no stories");
        writeBytes(path("stories.pth").toStdString(), "Once upon a time there was a text.");
        writeBytes(path("tale.txt").toStdString(), "Once there was a cat.\n\nOne day it rained.\n");
        QVERIFY(QDir(folder_.path()).mkpath("photos"));
        QTest::newRow("a picture") << QStringList{path("picture.png")} << "picture.png cannot be imported."
                                   << "Nothing was imported";
        QTest::newRow("a picture among stories")
            << QStringList{path("tale.txt"), path("picture.png")} << "picture.png cannot be imported."
            << "Nothing was imported";
        QTest::newRow("stories among weights")
            << QStringList{path("transcoder.pth"), path("tale.txt")} << "transcoder.pth cannot be imported."
            << "Nothing was imported";
        QTest::newRow("a text that calls itself a checkpoint")
            << QStringList{path("stories.pth")} << "stories.pth was not imported"
            << "stories.pth";
        QTest::newRow("a folder that is no transcoder") << QStringList{path("photos")} << "photos was not imported"
                                                        << "config.yaml";
        QTest::newRow("two GPTs") << QStringList{path("gpt_1_50000.pth"), path("gpt_1_50000.pth")}
                                  << "gpt_1_50000.pth was not imported"
                                  << "are both a GPT";
    }
    void a_dropped_file_of_the_wrong_kind_is_refused_in_words() {
        QFETCH(QStringList, files);
        QFETCH(QString, title);
        QFETCH(QString, why);
        const QStringList before = runs(), stories = corpora();
        QVERIFY(drop(files));
        QVERIFY2(comesToSay(title), words());
        QVERIFY2(says(why), words());
        QVERIFY(!program_->window.findChild<QInputDialog *>());
        QCOMPARE(runs(), before);
        QCOMPARE(corpora(), stories);
    }

    void dropped_text_that_is_no_file_is_not_taken() { QVERIFY(!drop({})); }

    void dropped_stories_become_a_corpus() {
        QVERIFY(drop({path("tale.txt")}));
        QTRY_VERIFY_WITH_TIMEOUT(corpora().contains("tale"), patience);
    }

    void a_transcoder_is_exported_and_its_folder_dropped_again() {
        // One that graphs can use: a folder by hand, as circuit-tracer has them.
        const QString folder = path("brought");
        QVERIFY(QDir().mkpath(folder));
        const int64_t d = 24, features = 30;
        for (const char *layer : {"0", "1"}) {
            const std::vector<float> matrix(static_cast<size_t>(features * d), 0.01f), bias(30, 0.1f), out(24);
            writeSafetensors((folder + "/layer_" + layer + ".safetensors").toStdString(),
                             std::vector<TensorToWrite>{floatTensor("W_enc", {features, d}, matrix),
                                                        floatTensor("W_dec", {features, d}, matrix),
                                                        floatTensor("b_enc", {features}, bias),
                                                        floatTensor("b_dec", {d}, out)});
        }
        writeBytes((folder + "/config.yaml").toStdString(),
                   "model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n");
        choose("A transcoder’s folder…", {folder});
        QTRY_VERIFY_WITH_TIMEOUT(status().startsWith("brought is here, for g: FVU "), patience);
        QVERIFY(press("Show brought"));
        QTRY_COMPARE_WITH_TIMEOUT(program_->window.promptBar().transcoder(), QString("brought"), patience);

        choose("For circuit-tracer…", {path("out")});
        QTRY_VERIFY_WITH_TIMEOUT(status().startsWith("brought was exported to"), patience);
        QVERIFY(QFile::exists(path("out/config.yaml")) && QFile::exists(path("out/layer_1.safetensors")));
        QVERIFY(drop({path("out")}));
        QTRY_VERIFY_WITH_TIMEOUT(status().startsWith("out is here, for g"), patience);
        Q_EMIT program_->window.exchangeMenu().exportRequested("brought", "saelens", path("out"));
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("brought was not exported"), patience);
        QVERIFY(says("is not empty"));
    }

    void cleanupTestCase() {
        program_.reset();
        failOnWarning_.reset();
    }
};

int main(int argc, char **argv) {
    return runWindowTest<TestWindowExchange>(argc, argv);
}

#include "test_window_exchange.moc"
