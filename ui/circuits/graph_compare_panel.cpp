#include "ui/circuits/graph_compare_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/node_list.h"
#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tt {

namespace {
constexpr size_t mostEdges = 500;

constexpr double sameShare = 1e-5; // of the larger weight: what rounding makes of one edge traced twice

GraphNames namesOf(const AttributionGraph &graph) {
    GraphNames names;
    for (const GraphNode &node : graph.nodes)
        names.emplace(nodeId(node.node), std::pair(nodeName(node), nodePlace(node)));
    return names;
}

/// As the first graph calls it, else the second; a node that neither shows goes by its id.
std::pair<QString, QString> nameOf(const GraphNames &first, const Node &node, const GraphNames &second,
                                   const Node &other) {
    if (const auto found = first.find(nodeId(node)); found != first.end())
        return found->second;
    if (const auto found = second.find(nodeId(other)); found != second.end())
        return found->second;
    return {QString::fromStdString(nodeId(node)), QString()};
}

bool differs(const AlignedEdge &edge) {
    return std::abs(edge.difference()) > sameShare * std::max(std::abs(edge.first), std::abs(edge.second));
}
} // namespace

GraphComparePanel::GraphComparePanel(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *form = new QFormLayout;
    form->setContentsMargins(scaled(12), scaled(10), scaled(16), scaled(8));
    form->setVerticalSpacing(scaled(8));
    form->setHorizontalSpacing(scaled(12));
    transcoder_ = new QComboBox(this);
    transcoder_->setAccessibleName(tr("Transcoder to compare with"));
    transcoder_->setToolTip(tr("The second graph's transcoder"));
    transcoder_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    prompt_ = new QLineEdit(this);
    prompt_->setAccessibleName(tr("Prompt to compare with"));
    prompt_->setToolTip(tr("The second graph's prompt; change a word to see what changes"));
    form->addRow(tr("Transcoder"), transcoder_);
    form->addRow(tr("Prompt"), prompt_);
    compare_ = new QPushButton(tr("Compare"), this);
    compare_->setAccessibleName(tr("Compare"));
    compare_->setToolTip(tr("Traces the second graph to the same target and shows it beside the first"));
    form->addRow(QString(), compare_);
    layout->addLayout(form);
    layout->addWidget(horizontalLine(this));
    summary_ =
        new QLabel(tr("Choose another transcoder or another prompt: the graphs stand side by side, and the edges "
                      "that both could have are listed by how much they differ."),
                   this);
    summary_->setWordWrap(true);
    summary_->setContentsMargins(scaled(12), scaled(8), scaled(12), scaled(8));
    setInk(summary_, Ink::Secondary);
    setTextRole(summary_, TextRole::Secondary);
    layout->addWidget(summary_);
    edges_ = new NodeList(tr("Edges that differ"), tr("second"), tr("first"), this);
    edges_->setToolTip(tr("Bar: second minus first\nClick lights the edge in both graphs"));
    layout->addWidget(edges_, 1);
    connect(compare_, &QPushButton::clicked, this, &GraphComparePanel::ask);
    connect(prompt_, &QLineEdit::returnPressed, this, &GraphComparePanel::ask);
    const auto enable = [this] { compare_->setEnabled(isOther()); };
    connect(prompt_, &QLineEdit::textChanged, this, enable);
    connect(transcoder_, &QComboBox::currentTextChanged, this, enable);
    enable();
    connect(edges_, &NodeList::nodeChosen, this, [this](int edge) {
        if (edge >= 0 && edge < std::ssize(shown_))
            Q_EMIT edgeChosen(shown_[static_cast<size_t>(edge)]);
    });
}

bool GraphComparePanel::isOther() const {
    return transcoder_->currentIndex() >= 0 && !prompt_->text().isEmpty() &&
           (transcoder_->currentText() != first_ || prompt_->text() != firstPrompt_);
}

void GraphComparePanel::ask() {
    if (isOther())
        Q_EMIT compareRequested({transcoder_->currentText(), prompt_->text()});
}

void GraphComparePanel::fill(const QString &transcoder) {
    const int at = transcoder_->findText(transcoder);
    transcoder_->setCurrentIndex(at >= 0 ? at : 0);
}

void GraphComparePanel::setTranscoders(const QStringList &names) {
    const QString chosen = transcoder_->currentText();
    transcoder_->clear();
    transcoder_->addItems(names);
    fill(chosen);
}

void GraphComparePanel::setGraph(const AttributionGraph &graph) {
    const QString transcoder = QString::fromStdString(graph.transcoder), prompt = QString::fromStdString(graph.prompt);
    names_ = namesOf(graph);
    firstPrompt_ = prompt;
    if (transcoder == first_ && !prompt_->text().isEmpty())
        return compare_->setEnabled(isOther());
    first_ = transcoder;
    prompt_->setText(prompt);
    fill(transcoder);
    for (int other = 0; other < transcoder_->count(); ++other) // another one, where there is one
        if (transcoder_->itemText(other) != transcoder)
            return transcoder_->setCurrentIndex(other);
}

void GraphComparePanel::clear() {
    prompt_->clear();
    shown_.clear();
    edges_->setRows({});
}

void GraphComparePanel::setCompared(const ComparedGraph &compared) {
    const GraphComparison &found = compared.comparison;
    shown_.clear();
    std::copy_if(found.edges.begin(), found.edges.end(), std::back_inserter(shown_), differs);
    shown_.resize(std::min(mostEdges, shown_.size()));
    summary_->setText(tr("%1 nodes are in both, %2 only in the first, %3 only in the second.%4")
                          .arg(found.shared)
                          .arg(found.onlyFirst)
                          .arg(found.onlySecond)
                          .arg(shown_.empty() ? tr(" No edge that both could have differs.") : QString()));
    const GraphNames others = namesOf(compared.graph.graph);
    double largest = 0;
    for (const AlignedEdge &edge : shown_)
        largest = std::max(largest, std::abs(edge.difference()));
    std::vector<NodeListModel::Row> rows;
    for (size_t e = 0; e < shown_.size(); ++e) {
        const auto [source, from] = nameOf(names_, shown_[e].source, others, shown_[e].otherSource);
        const auto [target, to] = nameOf(names_, shown_[e].target, others, shown_[e].otherTarget);
        rows.push_back({.node = static_cast<int>(e),
                        .name = source + QStringLiteral(" → ") + target,
                        .place = from + QStringLiteral(" → ") + to,
                        .weight = signedFigure(shown_[e].second),
                        .share = signedFigure(shown_[e].first),
                        .bar = largest > 0 ? shown_[e].difference() / largest : 0,
                        .glyph = false});
    }
    edges_->setRows(std::move(rows));
}

} // namespace tt
