// How long the place Features takes from an input event to the end of the repaint that answers it, in the window as it
// ships, on a display: 2 x 8,192 features, a prompt of 64 tokens. Prints medians and 99th percentiles; with --clicks
// only those of clicks:
//     cmake --build build/ci --target bench_features_window && build/ci/tests/bench/bench_features_window
#include "app/large_dictionary.h"
#include "app/window_program.h"
#include "ui/features/active_features_view.h"
#include "ui/features/examples_list.h"
#include "ui/features/features_place.h"
#include "ui/features/weights_list.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/train/train_place.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <functional>

using namespace tt;

namespace {

/// Notes when a widget has been painted, as it should look then, and the window's pixels have gone to the display.
class Meter : public QApplication {
public:
    using QApplication::QApplication;
    bool notify(QObject *receiver, QEvent *event) override {
        const QEvent::Type type = event->type();
        const bool taken = QApplication::notify(receiver, event);
        if (type == QEvent::Paint && receiver == target_ && looksRight_())
            painted_ = true;
        if (type == QEvent::UpdateRequest && painted_ && !shown_) {
            nanoseconds_ = clock_.nsecsElapsed();
            shown_ = true;
        }
        return taken;
    }
    /// Milliseconds from `act` until `target` is shown anew; −1 where that takes longer than 5 s.
    double measure(
        QWidget *target, const std::function<void()> &act, std::function<bool()> looksRight = [] { return true; }) {
        constexpr int longest = 5'000;
        settle();
        target_ = target;
        looksRight_ = std::move(looksRight);
        painted_ = shown_ = false;
        QTimer late; // the loop below sleeps between events: the workers have the processor's cores
        late.start(longest);
        clock_.start();
        act();
        while (!shown_ && clock_.elapsed() < longest)
            processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
        target_ = nullptr;
        return shown_ ? static_cast<double>(nanoseconds_) / 1e6 : -1;
    }
    /// Lets what is still on its way arrive.
    static void settle() {
        QEventLoop loop;
        QTimer::singleShot(60, &loop, &QEventLoop::quit);
        loop.exec();
    }

private:
    QElapsedTimer clock_;
    QObject *target_ = nullptr;
    std::function<bool()> looksRight_;
    bool painted_ = false, shown_ = false;
    qint64 nanoseconds_ = 0;
};

void report(const char *what, std::vector<double> times) {
    const auto late = std::count(times.begin(), times.end(), -1.0);
    std::erase(times, -1.0);
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) {
        return times.empty() ? 0 : times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
    };
    std::printf("%-72s median %6.1f ms  p99 %6.1f ms  longest %6.1f ms  of %zu%s\n", what, at(0.5), at(0.99), at(1),
                times.size(), late > 0 ? "  (some never came)" : "");
    std::fflush(stdout);
}

/// Enough of a list to tell one feature's from another's.
QVariant contents(const QAbstractItemView &view) {
    QVariantList texts;
    for (int row = 0; row < std::min(4, view.model()->rowCount()); ++row)
        texts << view.model()->index(row, 0).data(Qt::AccessibleTextRole);
    return texts;
}

bool wait(const std::function<bool()> &until) {
    return QTest::qWaitFor(until, 120'000);
}

class Bench {
public:
    Bench(Meter &meter, const QString &folder) : meter_(meter), program_(MainWindow::Place::Features) {
        test::makeLargeWorkspace(folder);
        program_.session.open(folder);
        wait([&] { return chips().count() > 0; });
        active_ = program_.named<ActiveFeaturesView>("Active features");
    }
    void run(bool onlyClicks) {
        makeIndex();
        typePrompt();
        clickTokens();
        clickFeatures();
        if (onlyClicks)
            return;
        search();
        type("keystroke to new tokens and colours, of which 150 ms wait for the next");
        trainBeside();
        type("the same while a training uses one core");
    }

private:
    [[nodiscard]] TokenChips &chips() const { return *program_.window.promptBar().chips(); }
    [[nodiscard]] QModelIndex row(int layer, int number) const {
        return active_->model()->index(number, 0, active_->model()->index(layer, 0));
    }
    /// As the display server would hand it to the window.
    void click(QWidget *widget, const QPoint &at) {
        QTest::mouseClick(program_.window.windowHandle(), Qt::LeftButton, {}, widget->mapTo(&program_.window, at));
    }
    void makeIndex();
    void typePrompt();
    void clickTokens();
    void clickFeatures();
    void search();
    void type(const char *what);
    void trainBeside();

    Meter &meter_;
    WindowProgram program_;
    ActiveFeaturesView *active_ = nullptr;
};

void Bench::makeIndex() {
    program_.window.chooseFeature(1, 100);
    wait([&] { return program_.seen<QPushButton>("Index the corpus") != nullptr; });
    program_.seen<QPushButton>("Index the corpus")->click();
    wait([&] { return program_.named<WeightsList>("Upstream")->weights()->rowCount() > 0; });
}

void Bench::typePrompt() {
    QString prompt = "Once upon a time";
    while (chips().count() < test::largeShape.context) {
        prompt += " there was a little dog and a cat";
        program_.window.promptBar().setPrompt(prompt);
        const int before = chips().count();
        Q_EMIT program_.window.promptBar().promptEdited(prompt);
        wait([&] { return chips().count() > before; });
    }
}

void Bench::clickTokens() {
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
        TokenChip *chip = chips().chip((i * 7 + 1) % 48); // of the rows that are in sight
        if (chip->visibleRegion().isEmpty())
            continue;
        times.push_back(meter_.measure(active_->viewport(), [&] { click(chip, chip->rect().center()); }));
    }
    report("click on a token to its active features", times);
}

void Bench::clickFeatures() {
    chips().select({3});
    std::vector<double> rows, colours, facts, lists, examples;
    auto *promotes = program_.named<WeightsList>("Promotes"), *reads = program_.named<WeightsList>("Reads tokens");
    auto *shown = program_.named<ExamplesView>("Examples");
    const auto clickRow = [&](int i) {
        const QModelIndex at = row(0, i % 8);
        return [this, at] { click(active_->viewport(), active_->visualRect(at).center()); };
    };
    for (int i = 0; i < 200; ++i)
        rows.push_back(meter_.measure(active_->viewport(), clickRow(i)));
    report("click on a feature to the list with it chosen", rows);
    for (int i = 0; i < 200; ++i)
        colours.push_back(meter_.measure(&chips(), clickRow(i)));
    report("click on a feature to the tokens in its colours", colours);
    // A part of the card is there once it is painted with what belongs to the feature that was clicked last.
    const auto measurePart = [&](QAbstractItemView *part, std::vector<double> &times) {
        for (int i = 0; i < 200; ++i) {
            const QVariant before = contents(*part);
            times.push_back(meter_.measure(part->viewport(), clickRow(i), [&] { return contents(*part) != before; }));
        }
    };
    measurePart(promotes, facts);
    report("click on a feature to its card's facts", facts);
    measurePart(reads, lists);
    report("click on a feature to the last of its card's lists", lists);
    measurePart(shown, examples);
    report("click on a feature to its examples", examples);
}

void Bench::search() {
    auto *line = program_.named<QLineEdit>("Search features");
    auto *table = program_.named<QTableView>("Table of all features");
    std::vector<double> times;
    for (const char *query : {"once", "dog", "time", "little", "day", "was", "1/5", "cat", "then", "and"}) {
        line->clear();
        wait([&] { return table->model()->rowCount() == 2 * test::largeFeatures || !table->isVisible(); });
        line->setFocus();
        times.push_back(meter_.measure(
            table->viewport(), [&] { line->setText(QLatin1String(query)); },
            [&] { return table->model()->rowCount() < 2 * test::largeFeatures; }));
    }
    line->clear();
    program_.window.featuresPlace().showTab(FeaturesPlace::Tab::Prompt);
    report("last letter of a search to its matches, of which 150 ms wait for the next", times);
}

void Bench::type(const char *what) {
    auto *line = program_.named<QLineEdit>("Prompt");
    line->setFocus();
    line->end(false);
    std::vector<double> times;
    for (int i = 0; i < 40; ++i) {
        const QString before = chips().accessibleDescription();
        times.push_back(meter_.measure(
            &chips(),
            [&] { QTest::keyClick(program_.window.windowHandle(), static_cast<Qt::Key>(Qt::Key_A + i % 26)); },
            [&] { return chips().accessibleDescription() != before; }));
    }
    report(what, times);
}

void Bench::trainBeside() {
    GptTrainingConfig config = GptTrainingConfig::fromPreset("tiny");
    config.corpus = "stories";
    config.model = test::largeShape;
    config.model.vocabSize = 700;
    config.steps = 100'000;
    config.threads = 1;
    Q_EMIT program_.window.trainPlace().startGptRequested("beside", config);
    wait([&] { return !program_.session.runs().active().empty() && program_.session.runs().rows().front().step > 0; });
}

} // namespace

int main(int argc, char **argv) {
    const QTemporaryDir settings, workspace; // not the user's own
    qputenv("XDG_CONFIG_HOME", settings.path().toLocal8Bit());
    Meter application(argc, argv);
    applyTheme(application);
    std::printf("platform %s\n", qPrintable(QGuiApplication::platformName()));
    Bench(application, workspace.path()).run(QApplication::arguments().contains(QStringLiteral("--clicks")));
}
