// tt_screenshots WORKSPACE OUT [SUFFIX]: runs the real window with its session on a workspace, does what a visitor
// would do in each place, and keeps a picture of each: OUT/circuits.png and so on. Without a suffix also the first
// start on the model that ships, with its tour, and the manual. Called by packaging/screenshots.

#include "app/session/session.h"
#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/verify_panel.h"
#include "ui/features/features_place.h"
#include "ui/help/manual_window.h"
#include "ui/interventions/effects_pane.h"
#include "ui/interventions/interventions_place.h"
#include "ui/interventions/texts_pane.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/theme.h"
#include "ui/tour/tour.h"
#include "ui/window/main_window.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QImage>
#include <QTabBar>
#include <QTextStream>
#include <QTimer>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

namespace {

using Place = tt::MainWindow::Place;
using Clock = QElapsedTimer;

constexpr QSize windowSize(1280, 800);
constexpr qint64 patience = 180'000, settledAfter = 2'500; // milliseconds

[[noreturn]] void fail(const QString &why) {
    QTextStream(stderr) << why << '\n';
    std::exit(1);
}

class Photographer {
public:
    Photographer(QDir out, QString suffix) : out_(std::move(out)), suffix_(std::move(suffix)) {
        window_.resize(windowSize);
        window_.show();
    }

    void open(const QString &workspace) {
        session_.open(workspace);
        waitFor("the first graph", [this] { return !view().graph().nodes.empty(); });
    }

    /// `folder` is where the demonstration is copied to. The tour is left at its middle.
    void firstStart(const QString &folder) {
        session_.openDemonstration(folder);
        tt::Tour &tour = window_.tour();
        waitFor("the tour", [&tour] { return tour.isRunning(); });
        waitFor("the first graph", [this] { return !view().graph().nodes.empty(); });
        keep("first-start");
        constexpr int causes = 2; // the graph's step
        while (tour.step() < causes || !tour.isDone()) {
            const auto [step, done] = std::pair(tour.step(), tour.isDone());
            tour.next();
            waitFor("the tour's next step", [&] { return tour.step() != step || tour.isDone() != done; });
        }
        keep("tour");
        tour.end();
    }

    void manual() {
        window_.showManual(); // of the place that is shown
        keep("manual", *window_.findChild<tt::ManualWindow *>());
    }

    void circuits() {
        window_.goTo(Place::Circuits);
        press("Verify");
        auto *verified = window_.findChild<tt::EffectScatter *>();
        waitFor("the verification", [verified] { return verified && !verified->edges().empty(); });
        press("Node");
        view().showNode(strongestFeature());
        keep("circuits");
    }

    void features() {
        const tt::Node node = view().graph().nodes.at(static_cast<size_t>(strongestFeature())).node;
        window_.goTo(Place::Features);
        window_.promptBar().selectPosition(node.position);
        window_.chooseFeature(node.layer, node.id);
        keep("features");
    }

    void interventions() {
        window_.goTo(Place::Interventions);
        tt::InterventionsPlace &place = window_.interventionsPlace();
        place.addFeatures(strongestFeatures(5), tt::InterventionAction::Ablate);
        waitFor("the effects", [&place] { return place.effects().report() != nullptr; });
        place.run();
        waitFor("the texts", [&place] { return !place.texts().isRunning(); });
        keep("interventions");
    }

    void train() {
        window_.goTo(Place::Train);
        press("Generate story");
        keep("train");
    }

    void data() {
        window_.goTo(Place::Data);
        keep("data");
    }

private:
    [[nodiscard]] tt::GraphView &view() const { return *window_.circuitsPlace().view(); }

    /// The features of most influence, first the strongest.
    [[nodiscard]] std::vector<tt::ActiveFeature> strongestFeatures(size_t count) const {
        std::vector<tt::GraphNode> nodes = view().graph().nodes;
        std::erase_if(nodes, [](const tt::GraphNode &node) {
            return node.node.kind != tt::NodeKind::Feature || !node.members.empty();
        });
        std::sort(nodes.begin(), nodes.end(), [](const auto &a, const auto &b) { return a.influence > b.influence; });
        nodes.resize(std::min(count, nodes.size()));
        std::vector<tt::ActiveFeature> features;
        for (const tt::GraphNode &each : nodes)
            features.push_back({.position = each.node.position,
                                .layer = each.node.layer,
                                .feature = each.node.id,
                                .activation = static_cast<float>(each.node.activation)});
        return features;
    }

    /// The single feature of most influence.
    [[nodiscard]] int strongestFeature() const {
        const auto &nodes = view().graph().nodes;
        std::optional<size_t> best;
        for (size_t n = 0; n < nodes.size(); ++n)
            if (nodes[n].node.kind == tt::NodeKind::Feature && nodes[n].members.empty() &&
                (!best || nodes[n].influence > nodes[*best].influence))
                best = n;
        if (!best)
            fail("The graph shows no feature.");
        return static_cast<int>(*best);
    }

    void press(const QString &name) {
        for (QAbstractButton *button : window_.findChildren<QAbstractButton *>())
            if (button->isVisible() && button->isEnabled() &&
                (button->accessibleName() == name || button->text() == name))
                return button->click();
        for (QTabBar *tabs : window_.findChildren<QTabBar *>())
            for (int tab = 0; tab < tabs->count(); ++tab)
                if (tabs->isVisible() && tabs->tabText(tab) == name)
                    return tabs->setCurrentIndex(tab);
        fail("There is no " + name + " to press.");
    }

    static void waitFor(const QString &what, const std::function<bool()> &there) {
        Clock clock;
        clock.start();
        while (!there()) {
            QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
            if (clock.hasExpired(patience))
                fail("Waited too long for " + what + ".");
        }
    }

    void keep(const QString &name) { keep(name, window_); }

    /// Once nothing in the window moves any more.
    void keep(const QString &name, QWidget &window) {
        QImage picture;
        Clock unchanged;
        QTimer wake; // waitFor looks again though nothing happens
        wake.start(250);
        waitFor(name, [&] {
            if (QImage now = window.grab().toImage(); now != picture) {
                picture = std::move(now);
                unchanged.start();
            }
            return unchanged.hasExpired(settledAfter);
        });
        const QString file = out_.filePath(name + suffix_ + ".png");
        if (!picture.save(file))
            fail(file + " cannot be written.");
        QTextStream(stdout) << file << '\n';
    }

    tt::MainWindow window_;
    tt::Session session_{window_};
    QDir out_;
    QString suffix_;
};

} // namespace

int main(int argc, char **argv) {
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    QApplication::setCursorFlashTime(0); // a cursor that blinks never settles
    const QStringList arguments = QApplication::arguments();
    if (arguments.size() < 3 || !QDir(arguments[2]).exists())
        fail("tt_screenshots WORKSPACE OUT [SUFFIX]");
    tt::applyTheme(application);
    const QString suffix = arguments.value(3);
    if (suffix.isEmpty()) {
        Photographer newcomer(QDir(arguments[2]), suffix);
        newcomer.firstStart(QFileInfo(arguments[1]).dir().filePath(QStringLiteral("first/demonstration")));
        newcomer.manual();
    }
    Photographer photographer(QDir(arguments[2]), suffix);
    photographer.open(arguments[1]);
    photographer.circuits();
    if (suffix.isEmpty()) {
        photographer.features();
        photographer.interventions();
        photographer.train();
        photographer.data();
    }
    return 0;
}
