// Features in the real window with its real session, on a transcoder of 2 × 8,192 features and a prompt of 64 tokens:
// what a person reaches, and how long each click takes from its event to the end of the repaint. The figures are
// printed, not judged: they depend on the machine.
#include "app/large_dictionary.h"
#include "app/window_program.h"
#include "ui/fail_on_warning.h"

#include "core/features/feature_card.h"
#include "core/features/feature_search.h"
#include "core/features/indexed_corpus.h"
#include "ui/features/active_features_view.h"
#include "ui/features/all_features.h"
#include "ui/features/examples_list.h"
#include "ui/features/features_place.h"
#include "ui/features/weights_list.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/train/train_place.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <memory>

using namespace tt;

namespace {
using test::largeShape;
constexpr int features = test::largeFeatures;
constexpr int patience = 30'000; // milliseconds; a machine under load
/// Counts the paint events of a widget.
class Paints : public QObject {
public:
    explicit Paints(QWidget *widget) { widget->installEventFilter(this); }
    int count = 0;

protected:
    bool eventFilter(QObject *, QEvent *event) override {
        count += event->type() == QEvent::Paint ? 1 : 0;
        return false;
    }
};

/// Milliseconds from `act` until `widget` was painted for it and the event loop has nothing more to do.
template <class Act>
double untilPainted(QWidget *widget, Act act) {
    QCoreApplication::processEvents();
    const Paints paints(widget);
    QElapsedTimer timer;
    timer.start();
    act();
    while (paints.count == 0 && timer.elapsed() < 5000)
        QCoreApplication::processEvents();
    return static_cast<double>(timer.nsecsElapsed()) / 1e6;
}

void report(const char *what, std::vector<double> times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) {
        return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
    };
    qInfo("%s: median %.1f ms, p99 %.1f ms, %d times", what, at(0.5), at(0.99), static_cast<int>(times.size()));
}
} // namespace

class TestFeaturesWindow : public QObject {
    Q_OBJECT

    std::unique_ptr<FailOnWarning> guard_;
    QTemporaryDir folder_;
    std::unique_ptr<MainWindow> window_;
    std::unique_ptr<Session> session_;

    template <class Widget>
    Widget *named(const QString &name) {
        for (Widget *widget : window_->findChildren<Widget *>())
            if (widget->accessibleName() == name)
                return widget;
        qFatal("nothing is called %s", qPrintable(name));
    }
    [[nodiscard]] TokenChips *chips() const { return window_->promptBar().chips(); }
    static QModelIndex featureRow(QAbstractItemView *view, int layer, int row) {
        return view->model()->index(row, 0, view->model()->index(layer, 0));
    }

private Q_SLOTS:
    void initTestCase() {
        guard_ = std::make_unique<FailOnWarning>();
        test::makeLargeWorkspace(folder_.path());
        window_ = std::make_unique<MainWindow>();
        session_ = std::make_unique<Session>(*window_);
        window_->show();
        session_->open(folder_.path());
        window_->goTo(MainWindow::Place::Features);
        QTRY_VERIFY_WITH_TIMEOUT(chips()->count() > 0, patience);
    }

    void the_index_is_made_from_the_card() {
        QTest::mouseClick(chips()->chip(0), Qt::LeftButton);
        auto *active = named<ActiveFeaturesView>("Active features");
        QTRY_VERIFY_WITH_TIMEOUT(active->model()->rowCount(active->model()->index(0, 0)) > 0, patience);
        active->setCurrentIndex(featureRow(active, 1, 0));
        auto *index = named<QPushButton>("Index the corpus");
        QTRY_VERIFY_WITH_TIMEOUT(index->isVisible(), patience);
        index->click();
        auto *examples = named<ExamplesView>("Examples");
        QTRY_VERIFY_WITH_TIMEOUT(examples->isVisible() && examples->model()->rowCount() > 0, patience);
        QVERIFY(QFile::exists(folder_.filePath("transcoders/plt/features.index")));
        QTRY_VERIFY_WITH_TIMEOUT(named<WeightsList>("Upstream")->weights()->rowCount() > 0, patience);
    }

    void a_label_reaches_the_file() {
        auto *label = named<QLineEdit>("Label");
        label->setFocus();
        QTest::keyClicks(label, "first token");
        const std::filesystem::path plt = folder_.filePath("transcoders/plt").toStdString();
        QTRY_VERIFY_WITH_TIMEOUT(!readFeatureLabels(plt).notes.empty(), patience);
        QTRY_COMPARE_WITH_TIMEOUT(readFeatureLabels(plt).notes.begin()->second.label, std::string("first token"),
                                  patience);
    }

    void a_story_opens_and_a_search_finds() {
        auto *examples = named<ExamplesView>("Examples");
        Q_EMIT examples->storyRequested(examples->model()->index(0, 0).data(ExamplesModel::OffsetRole).toLongLong());
        auto *stories = named<QListView>("Whole stories");
        QTRY_VERIFY_WITH_TIMEOUT(stories->isVisible() && stories->model()->rowCount() > 0, patience);
        auto *search = named<QLineEdit>("Search features");
        QTest::keyClicks(search, "once");
        auto *table = named<QTableView>("Table of all features");
        QTRY_VERIFY_WITH_TIMEOUT(table->isVisible() && table->model()->rowCount() < 2 * features, patience);
        QVERIFY(table->model()->rowCount() > 0);
        search->clear();
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 2 * features, patience);
        window_->featuresPlace().showTab(FeaturesPlace::Tab::Prompt);
    }

    void clicks_are_measured() {
        QString prompt = "Once upon a time";
        auto *line = named<QLineEdit>("Prompt");
        while (chips()->count() < largeShape.context) {
            prompt += " there was a little dog and a cat";
            const int before = chips()->count();
            line->setText(prompt);
            QTRY_VERIFY_WITH_TIMEOUT(chips()->count() > before, patience);
        }
        QCOMPARE(chips()->count(), largeShape.context);
        auto *active = named<ActiveFeaturesView>("Active features");
        QTest::qWait(50);
        std::vector<double> tokens, rows;
        for (int i = 0; i < 120; ++i) {
            TokenChip *chip = chips()->chip((i * 7 + 1) % chips()->count());
            tokens.push_back(untilPainted(active->viewport(), [&] { QTest::mouseClick(chip, Qt::LeftButton); }));
            if (active->model()->rowCount(active->model()->index(1, 0)) == 0)
                continue; // the click took the selection back
            const QModelIndex row = featureRow(active, i % 2, 1 + i % 6);
            active->scrollTo(row);
            const QPoint at = active->visualRect(row).center();
            rows.push_back(untilPainted(active->viewport(),
                                        [&] { QTest::mouseClick(active->viewport(), Qt::LeftButton, {}, at); }));
        }
        report("click on a token to the repaint of its features", tokens);
        report("click on a feature to the repaint", rows);
        QTest::qWait(300); // cards that are still on their way
        std::vector<double> cards;
        auto *raised = named<WeightsList>("Promotes");
        for (int i = 0; i < 12; ++i)
            cards.push_back(untilPainted(raised->viewport(), [&] { window_->chooseFeature(i % 2, 100 + 37 * i); }));
        report("feature chosen to its card's facts", cards);
    }

    void answers_over_the_whole_dictionary_are_measured() {
        const Workspace workspace = Workspace::open(folder_.path().toStdString());
        const Dictionary dictionary = openDictionary(workspace, loadExplainedModel(workspace, "plt", {}), {});
        QVERIFY2(dictionary.index, dictionary.noIndex.c_str());
        const FeatureNotes notes = readFeatureLabels(workspace.transcoder("plt")).notes;
        std::vector<double> searches, cards;
        for (int i = 0; i < 20; ++i)
            for (const char *query : {"once", "don't", "1/5", "first", "the little dog", "qxz"}) {
                QElapsedTimer timer;
                timer.start();
                QVERIFY(!searchFeatures(dictionary, notes, {.query = query}, {}).empty());
                searches.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
            }
        for (int i = 0; i < 50; ++i) {
            QElapsedTimer timer;
            timer.start();
            QVERIFY(!describeFeature(dictionary, i % 2, 100 + 31 * i).raised.empty());
            cards.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        report("search of 2 x 8,192 features", searches);
        report("facts of a feature, neighbours and paths among 2 x 8,192", cards);
    }

    void a_keystroke_is_measured_while_a_training_runs() {
        GptTrainingConfig config = GptTrainingConfig::fromPreset("tiny");
        config.corpus = "stories";
        config.model = largeShape;
        config.model.vocabSize = 700;
        config.steps = 100'000;
        config.threads = 1;
        Q_EMIT window_->trainPlace().startGptRequested("beside", config);
        QTRY_VERIFY_WITH_TIMEOUT(!session_->runs().active().empty() && session_->runs().rows().front().step > 0,
                                 patience);
        auto *line = named<QLineEdit>("Prompt");
        std::vector<double> keys;
        for (int i = 0; i < 24; ++i) {
            const QString before = line->text();
            QElapsedTimer timer;
            QSignalSpy chosen(chips(), &TokenChips::selectionChanged);
            const QImage picture = chips()->grab().toImage();
            timer.start();
            QTest::keyClick(line, static_cast<char>('a' + i));
            while (chips()->grab().toImage() == picture && timer.elapsed() < 5000)
                QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
            keys.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        report("keystroke to the new tokens (150 ms of them waiting for the next key), a training beside", keys);
        Q_EMIT window_->trainPlace().stopRequested(session_->runs().active().front().id);
        QTRY_VERIFY_WITH_TIMEOUT(session_->runs().active().empty(), patience);
    }

    void cleanupTestCase() {
        const QDir pictures(QCoreApplication::applicationDirPath() + "/pictures");
        QVERIFY(QDir().mkpath(pictures.path()));
        window_->grab().save(pictures.filePath("features-window.png"));
        session_.reset();
        window_.reset();
        guard_.reset();
    }
};

int main(int argc, char **argv) {
    return runWindowTest<TestFeaturesWindow>(argc, argv);
}

#include "test_features_window.moc"
