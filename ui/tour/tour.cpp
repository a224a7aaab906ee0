#include "ui/tour/tour.h"

#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/active_features_view.h"
#include "ui/features/features_place.h"
#include "ui/figures/words.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/tour/target_ring.h"
#include "ui/tour/tour_bar.h"
#include "ui/window/main_window.h"

#include <QShortcut>
#include <QTimer>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tt {

namespace {

const QString firstPrompt = QStringLiteral("Once upon a");

/// The visible one of this accessible name, or null.
QWidget *named(const QWidget &inside, const QString &name) {
    for (QWidget *widget : inside.findChildren<QWidget *>())
        if (widget->accessibleName() == name && widget->isVisible())
            return widget;
    return nullptr;
}

} // namespace

Tour::Tour(MainWindow &window, TourBar &bar, QWidget *over)
    : QObject(&window), window_(window), bar_(bar), ring_(new TargetRing(over)), over_(over) {
    connect(&bar, &TourBar::nextRequested, this, &Tour::next);
    connect(&bar, &TourBar::skipRequested, this, &Tour::end);
    escape_ = new QShortcut(QKeySequence(Qt::Key_Escape), &window);
    escape_->setEnabled(false); // while there is no tour, Esc is others'
    connect(escape_, &QShortcut::activated, this, &Tour::end);
    connect(ring_, &TargetRing::moved, this, &Tour::placeNotch);
    connect(&window.promptBar(), &PromptBar::tokensSelected, this, [this](const std::vector<int> &positions) {
        if (positions.empty())
            return;
        if (running_ && !waiting_ && step_ <= Feature && position_ != positions.front()) {
            position_ = positions.front(); // their own choice is as good
            chooseFeature();
            show();
        }
        finish(Token);
    });
    connect(&window.featuresPlace(), &FeaturesPlace::featureChosen, this, [this](int layer, int feature) {
        const auto found = std::find_if(prompt_.active.begin(), prompt_.active.end(), [&](const ActiveFeature &active) {
            return active.layer == layer && active.feature == feature && active.position == position_;
        });
        if (running_ && step_ == Feature && found != prompt_.active.end())
            feature_ = *found;
        finish(Feature);
    });
    const GraphView *view = window.circuitsPlace().view();
    connect(view, &GraphView::nodeSelected, this, [this](std::optional<int> selected) {
        if (selected)
            finish(Causes);
    });
    connect(view, &GraphView::graphChanged, this, [this] {
        if (!running_ || waiting_ || done_)
            return;
        if (step_ == Token)
            choosePosition();
        else if (step_ == Causes)
            followGraph();
        show();
    });
    connect(&window.interventionsPlace(), &InterventionsPlace::listChanged, this, [this](const InterventionList &list) {
        if (!list.rows.empty())
            finish(Change);
    });
    connect(&window.circuitsPlace(), &CircuitsPlace::exportRequested, this, [this] { finish(Export); });
    connect(&window, &MainWindow::placeChanged, this, [this] { QTimer::singleShot(0, this, &Tour::aim); });
}

void Tour::start() {
    running_ = true;
    escape_->setEnabled(true);
    waiting_ = prompt_.tokens.empty();
    window_.goTo(MainWindow::Place::Features);
    if (waiting_)
        Q_EMIT promptWanted(firstPrompt);
    else
        begin(Token);
}

void Tour::end() {
    if (!running_)
        return;
    running_ = waiting_ = false;
    escape_->setEnabled(false);
    bar_.hide();
    ring_->setTarget(nullptr);
    Q_EMIT ended();
}

void Tour::setPromptFeatures(const PromptFeatures &features) {
    const bool other = features.ids != prompt_.ids || features.transcoder != prompt_.transcoder;
    prompt_ = features;
    if (!running_ || prompt_.tokens.empty() || !(other || waiting_))
        return;
    waiting_ = false;
    if (step_ == Token || step_ == Feature || feature_.position >= std::ssize(prompt_.tokens))
        begin(Token); // another prompt: the step speaks of tokens that are no longer there
    else
        choosePosition();
}

void Tour::begin(Step step) {
    step_ = step;
    done_ = exported_ = false;
    switch (step) {
    case Token:
        window_.promptBar().selectPosition(-1);
        choosePosition();
        [[fallthrough]];
    case Feature:
        window_.goTo(MainWindow::Place::Features);
        window_.featuresPlace().showTab(FeaturesPlace::Tab::Prompt);
        break;
    case Causes:
        window_.goTo(MainWindow::Place::Circuits);
        window_.circuitsPlace().showNodePanel();
        window_.circuitsPlace().view()->selectNode(std::nullopt);
        followGraph();
        break;
    case Export:
        window_.goTo(MainWindow::Place::Circuits);
        break;
    case Change: // from the graph: the change is a press of Next away
        break;
    }
    show();
}

void Tour::next() {
    if (!running_ || waiting_)
        return;
    if (!done_)
        return perform();
    if (step_ != Export)
        return begin(static_cast<Step>(step_ + 1));
    end();
    Q_EMIT trainWanted();
}

void Tour::perform() {
    switch (step_) {
    case Token:
        return window_.promptBar().selectPosition(position_);
    case Feature:
        window_.chooseFeature(feature_.layer, feature_.feature);
        return finish(Feature);
    case Causes:
        if (const auto at = node())
            return window_.circuitsPlace().view()->showNode(*at);
        return window_.circuitsPlace().trace();
    case Change:
        window_.goTo(MainWindow::Place::Interventions);
        return window_.interventionsPlace().addFeatures({feature_}, InterventionAction::Multiply);
    case Export:
        if (std::exchange(exported_, true)) // they closed the dialog: that is an answer too
            return finish(Export);
        return window_.circuitsPlace().exportGraph();
    }
}

/// The step was done, by whomever.
void Tour::finish(Step step) {
    if (!running_ || waiting_ || step_ != step || done_)
        return;
    done_ = true;
    show();
}

/// The token whose feature matters most in the graph of this prompt; without a graph the token before the one that the
/// model is surest of: what it has learned best is seen best.
void Tour::choosePosition() {
    position_ = static_cast<int>(prompt_.tokens.size()) - 1;
    if (const auto node = mostInfluential()) {
        position_ = window_.circuitsPlace().view()->traced().graph.nodes[static_cast<size_t>(*node)].node.position;
    } else {
        double most = 0;
        for (size_t i = 0; i < prompt_.next.size(); ++i)
            if (!prompt_.next[i].empty() && prompt_.next[i].front().probability > most) {
                most = prompt_.next[i].front().probability;
                position_ = static_cast<int>(i);
            }
    }
    chooseFeature();
}

/// The feature of the chosen token that the graph on the screen shows as most influential; without a graph of this
/// prompt the strongest, as a share of its own largest, of the highest layer.
void Tour::chooseFeature() {
    const TracedGraph &traced = window_.circuitsPlace().view()->traced();
    const auto rank = [&](const ActiveFeature &active) {
        double influence = 0;
        if (traced.graph.ids == prompt_.ids && traced.graph.transcoder == prompt_.transcoder)
            for (const GraphNode &each : traced.graph.nodes)
                if (each.node.kind == NodeKind::Feature && each.node.layer == active.layer &&
                    each.node.position == active.position && each.node.id == active.feature)
                    influence = each.influence;
        return std::tuple(influence, active.layer, active.activation / std::max(active.maximum, 1e-6f));
    };
    const ActiveFeature *best = nullptr;
    for (const ActiveFeature &active : prompt_.active)
        if (active.position == position_ && (!best || rank(active) > rank(*best)))
            best = &active;
    feature_ = best ? *best : ActiveFeature{.position = position_};
}

/// The features in the graph of this prompt, by node; none where the graph is of another.
std::vector<int> Tour::featureNodes() const {
    const AttributionGraph &graph = window_.circuitsPlace().view()->traced().graph;
    std::vector<int> nodes;
    if (graph.ids == prompt_.ids && graph.transcoder == prompt_.transcoder)
        for (size_t i = 0; i < graph.nodes.size(); ++i)
            if (graph.nodes[i].node.kind == NodeKind::Feature && graph.nodes[i].members.empty())
                nodes.push_back(static_cast<int>(i));
    return nodes;
}

std::optional<int> Tour::mostInfluential() const {
    const std::vector<GraphNode> &all = window_.circuitsPlace().view()->traced().graph.nodes;
    const std::vector<int> nodes = featureNodes();
    const auto best = std::max_element(nodes.begin(), nodes.end(), [&](int a, int b) {
        return all[static_cast<size_t>(a)].influence < all[static_cast<size_t>(b)].influence;
    });
    return best == nodes.end() ? std::nullopt : std::optional(*best);
}

/// The followed feature's node.
std::optional<int> Tour::node() const {
    const std::vector<GraphNode> &all = window_.circuitsPlace().view()->traced().graph.nodes;
    for (const int i : featureNodes())
        if (const Node &each = all[static_cast<size_t>(i)].node;
            each.layer == feature_.layer && each.id == feature_.feature && each.position == feature_.position)
            return i;
    return {};
}

/// Where the followed feature plays no part in the graph, follows the one that matters most in it.
void Tour::followGraph() {
    const auto best = node() ? std::nullopt : mostInfluential();
    if (!best)
        return;
    const Node &other = window_.circuitsPlace().view()->traced().graph.nodes[static_cast<size_t>(*best)].node;
    position_ = other.position;
    for (const ActiveFeature &active : prompt_.active)
        if (active.layer == other.layer && active.feature == other.id && active.position == other.position)
            feature_ = active;
}

QString Tour::token() const {
    return prompt_.tokens.empty() ? QString()
                                  : shownToken(prompt_.tokens[static_cast<size_t>(
                                        std::min<int>(position_, static_cast<int>(prompt_.tokens.size()) - 1))]);
}

QString Tour::featureText() const {
    return tr("%1/%2").arg(feature_.layer).arg(feature_.feature);
}

Tour::Words Tour::words() const {
    const bool graph = node().has_value();
    switch (step_) {
    case Token:
        return {tr("Click a token"),
                tr("Each chip is one token the model has read. Click %1 to see which of the %2 features are active "
                   "on it.")
                    .arg(token(), count(int64_t{prompt_.layers} * prompt_.features)),
                tr("On the left are the features active at %1, layer by layer, the strongest first. All the others "
                   "are silent.")
                    .arg(token())};
    case Feature:
        return {
            tr("Click a feature"),
            tr("A feature answers to one thing in the text. Click %1 to see what it answers to.").arg(featureText()),
            tr("Its card shows where it fires in stories and which tokens it promotes. The chips are coloured by "
               "how strongly it fires.")};
    case Causes:
        return {tr("See what causes it"),
                graph ? tr("Tokens are at the bottom, predictions on top, features between. Click %1 to see what it is "
                           "made of.")
                            .arg(featureText())
                      : tr("The graph of a prompt shows what causes its prediction. Press Trace."),
                tr("On the right are its inputs. With the bias they sum exactly to its pre-activation; Verify checks "
                   "it in the model.")};
    case Change:
        return {tr("Change it"),
                tr("A cause can be tested: bring %1 to Interventions and turn it off.").arg(featureText()),
                tr("The bars show the next token before and after. Drag Value and watch them follow.")};
    case Export:
        return {tr("Take it with you"), tr("Export… writes the graph as SVG, PDF, PNG, DOT, JSON or CSV."),
                tr("That was the way from a token to a cause. Next, train a GPT of your own.")};
    }
    return {};
}

void Tour::show() {
    const Words said = words();
    const bool last = step_ == Export && done_;
    bar_.showStep(step_, steps, said.heading, done_ ? said.seen : said.wanted, last ? tr("Train a GPT") : tr("Next"));
    QTimer::singleShot(0, this, &Tour::aim); // when the bar has its place
}

/// Rings what the step speaks of.
void Tour::aim() {
    if (!running_ || waiting_)
        return;
    QWidget *target = nullptr;
    std::optional<QRect> part;
    switch (step_) {
    case Token:
        if (TokenChips *chips = window_.promptBar().chips(); !done_ && position_ < chips->count())
            target = chips->chip(position_);
        else
            target = named(window_.featuresPlace(), tr("Active features"));
        break;
    case Feature:
        target = named(window_.featuresPlace(), done_ ? tr("Feature card") : tr("Active features"));
        if (auto *list = qobject_cast<ActiveFeaturesView *>(target); list && !done_)
            if (const QRect row = list->rectOf(feature_.layer, feature_.feature); !row.isEmpty()) {
                target = list->viewport();
                part = row;
            }
        break;
    case Causes:
        if (done_)
            target = named(window_.circuitsPlace(), tr("Inputs"));
        else
            target = node() ? window_.circuitsPlace().view()->viewport() : named(window_.circuitsPlace(), tr("Trace"));
        if (const auto at = node(); at && !done_)
            part = window_.circuitsPlace().view()->nodeRect(*at);
        break;
    case Change:
        target = named(window_, done_ ? tr("Value") : tr("Interventions"));
        break;
    case Export:
        target = done_ ? nullptr : named(window_.circuitsPlace(), tr("Export…"));
        break;
    }
    ring_->setTarget(target, part);
    placeNotch();
}

/// At a target that stands right above the bar.
void Tour::placeNotch() {
    const QRect target = ring_->enclosed();
    const QPoint bar = bar_.mapTo(over_->window(), QPoint()) - over_->mapTo(over_->window(), QPoint());
    const bool above = !target.isEmpty() && target.bottom() <= bar.y() && target.left() >= bar.x();
    bar_.setNotch(above ? target.center().x() - bar.x() : -1);
}

} // namespace tt
