#include "soak/scripted_user.h"

#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/features_place.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QTabBar>
#include <QWheelEvent>
#include <QtTest>

namespace {

constexpr int betweenActions = 180; // milliseconds: somebody in a hurry

/// What would delete, fetch, leave the window, or end what the soak is about.
bool isLeftAlone(const QAbstractButton &button) {
    static const QStringList words{"delete",          "remove", "stop",      "pause",  "cancel",    "download",
                                   "import",          "export", "start",     "browse", "folder",    "generate stories",
                                   "train tokenizer", "index",  "read-only", "rename", "duplicate", "gpt-2",
                                   "demonstration",   "close"};
    const QString name = (button.accessibleName() + ' ' + button.text()).toLower();
    return std::any_of(words.begin(), words.end(), [&](const QString &word) { return name.contains(word); });
}

const QStringList &prompts() {
    static const QStringList texts{"Once upon a",
                                   "Once upon a time there was a little",
                                   "The cat sat on the",
                                   "Lily had a red ball and she",
                                   "Tom said \"I want to",
                                   "One day a girl named Mia went to the park with her mom and",
                                   "They were very happy because"};
    return texts;
}

} // namespace

ScriptedUser::ScriptedUser(tt::MainWindow &window, quint64 seed, QObject *parent)
    : QObject(parent), window_(window), random_(seed) {
    timer_.setInterval(betweenActions);
    // Queued: a menu or dialog that an action opens runs a loop of its own, in which a timer does not come again before
    // its slot has returned.
    connect(&timer_, &QTimer::timeout, this, [this] {
        QMetaObject::invokeMethod(
            this, [this] { act(); }, Qt::QueuedConnection);
    });
}

void ScriptedUser::start() {
    timer_.start();
}

void ScriptedUser::stop() {
    timer_.stop();
    closeWhatOpened();
}

void ScriptedUser::say(const QString &what) {
    ++actions_;
    if (listener_)
        listener_(what);
}

void ScriptedUser::closeWhatOpened() {
    if (QWidget *popup = QApplication::activePopupWidget())
        popup->close();
    for (QWidget *widget : QApplication::topLevelWidgets())
        if (widget != &window_ && widget->isVisible() && qobject_cast<QDialog *>(widget))
            qobject_cast<QDialog *>(widget)->reject();
}

void ScriptedUser::act() {
    closeWhatOpened();
    if (stay_-- <= 0) {
        const int place = static_cast<int>(random_.below(5));
        stay_ = 8 + static_cast<int>(random_.below(20));
        ++visits_[place];
        say(QString("to place %1").arg(place + 1));
        window_.goTo(static_cast<tt::MainWindow::Place>(place));
        return;
    }
    actInPlace();
}

void ScriptedUser::actInPlace() {
    using Place = tt::MainWindow::Place;
    const auto common = {&ScriptedUser::pressSomething, &ScriptedUser::moveSomething, &ScriptedUser::chooseInList};
    std::vector<void (ScriptedUser::*)()> choices(common);
    const Place place = window_.place();
    if (place == Place::Features || place == Place::Circuits || place == Place::Interventions)
        for (const auto each : {&ScriptedUser::typePrompt, &ScriptedUser::clickToken, &ScriptedUser::chooseFeature})
            choices.push_back(each);
    if (place == Place::Circuits)
        choices.insert(choices.end(), {&ScriptedUser::clickInGraph, &ScriptedUser::clickInGraph,
                                       &ScriptedUser::clickInGraph, &ScriptedUser::saveAndLabel});
    (this->*choices[random_.below(choices.size())])();
}

/// Any visible, enabled widget of a kind that suits, or null.
template <class Widget>
Widget *ScriptedUser::any(const std::function<bool(const Widget &)> &suits) {
    std::vector<Widget *> found;
    for (Widget *widget : window_.findChildren<Widget *>())
        if (widget->isVisible() && widget->isEnabled() && suits(*widget))
            found.push_back(widget);
    return found.empty() ? nullptr : found[random_.below(found.size())];
}

void ScriptedUser::pressSomething() {
    auto *button =
        any<QAbstractButton>([](const QAbstractButton &b) { return !isLeftAlone(b) && !b.accessibleName().isEmpty(); });
    if (!button)
        return;
    say("press " + button->accessibleName());
    // A menu or dialog runs a loop of its own: it is closed at the next action.
    QTest::mouseClick(button, Qt::LeftButton, {}, button->rect().center());
}

void ScriptedUser::moveSomething() {
    if (auto *slider = any<QAbstractSlider>([](const QAbstractSlider &s) { return s.maximum() > s.minimum(); })) {
        say("move " + slider->accessibleName());
        const auto range = static_cast<uint64_t>(slider->maximum() - slider->minimum() + 1);
        slider->setValue(slider->minimum() + static_cast<int>(random_.below(range)));
    }
    if (auto *tabs = any<QTabBar>([](const QTabBar &t) { return t.count() > 1; }))
        tabs->setCurrentIndex(static_cast<int>(random_.below(static_cast<uint64_t>(tabs->count()))));
}

void ScriptedUser::chooseInList() {
    auto *view = any<QAbstractItemView>(
        [](const QAbstractItemView &v) { return v.model() && v.model()->rowCount(v.rootIndex()) > 0; });
    if (!view)
        return;
    say("choose in " + view->accessibleName());
    const int row = static_cast<int>(random_.below(static_cast<uint64_t>(view->model()->rowCount(view->rootIndex()))));
    const QModelIndex index = view->model()->index(row, 0, view->rootIndex());
    view->scrollTo(index);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(index).center());
}

void ScriptedUser::typePrompt() {
    if (random_.below(4) != 0)
        return;
    for (QLineEdit *line : window_.findChildren<QLineEdit *>())
        if (line->accessibleName() == "Prompt" && line->isVisible()) {
            say("type a prompt");
            line->setFocus();
            line->selectAll();
            QTest::keyClicks(line, prompts()[static_cast<qsizetype>(random_.below(prompts().size()))]);
        }
}

void ScriptedUser::clickToken() {
    tt::TokenChips *chips = window_.promptBar().chips();
    if (chips->count() == 0 || !chips->isVisible())
        return;
    say("click a token");
    tt::TokenChip *chip = chips->chip(static_cast<int>(random_.below(static_cast<uint64_t>(chips->count()))));
    QTest::mouseClick(chip, Qt::LeftButton, {}, chip->rect().center());
}

void ScriptedUser::chooseFeature() {
    const tt::AttributionGraph &graph = window_.circuitsPlace().view()->graph();
    if (graph.nodes.empty())
        return;
    const tt::Node &node = graph.nodes[random_.below(graph.nodes.size())].node;
    if (node.kind != tt::NodeKind::Feature || node.id < 0)
        return;
    if (window_.place() == tt::MainWindow::Place::Interventions) {
        say("bring a feature here");
        if (window_.interventionsPlace().list().rows.size() < 8)
            window_.interventionsPlace().addFeatures(
                {{.position = node.position, .layer = node.layer, .feature = node.id}},
                tt::InterventionAction::Multiply);
        else
            window_.interventionsPlace().setList({});
        return;
    }
    say("choose a feature");
    window_.chooseFeature(node.layer, node.id);
}

void ScriptedUser::clickInGraph() {
    tt::GraphView *view = window_.circuitsPlace().view();
    if (view->graph().nodes.empty() || !view->isVisible())
        return;
    const QPointF middle = view->viewport()->rect().center();
    switch (random_.below(5)) {
    case 0: {
        say("zoom the graph");
        const int turn = random_.below(2) == 0 ? 120 : -120;
        QWheelEvent wheel(middle, view->mapToGlobal(middle), {}, {0, turn}, Qt::NoButton, Qt::ControlModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(view->viewport(), &wheel);
        break;
    }
    case 1:
        say("fit the graph");
        view->fit();
        break;
    case 2:
        say("trace");
        window_.triggerPrimary();
        break;
    default:
        say("click a node");
        view->showNode(static_cast<int>(random_.below(view->graph().nodes.size())));
    }
}

void ScriptedUser::saveAndLabel() {
    if (random_.below(3) != 0)
        return;
    say("save and label");
    Q_EMIT window_.circuitsPlace().saveRequested(QString("soak-%1").arg(random_.below(5)));
    Q_EMIT window_.featuresPlace().noteEdited(0, static_cast<int>(random_.below(20)),
                                              {.label = "label " + std::to_string(random_.below(100))});
}
