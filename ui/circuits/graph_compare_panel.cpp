#include "ui/circuits/graph_compare_panel.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/node_list.h"
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

namespace tt {

namespace {
constexpr size_t mostEdges = 500;

QString edgeText(const AlignedEdge &edge) {
    return QString::fromStdString(nodeId(edge.source)) + QStringLiteral(" → ") +
           QString::fromStdString(nodeId(edge.target));
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
    const auto ask = [this] {
        if (transcoder_->currentIndex() >= 0 && !prompt_->text().isEmpty())
            Q_EMIT compareRequested({transcoder_->currentText(), prompt_->text()});
    };
    connect(compare_, &QPushButton::clicked, this, ask);
    connect(prompt_, &QLineEdit::returnPressed, this, ask);
    connect(edges_, &NodeList::nodeChosen, this, [this](int edge) {
        if (edge >= 0 && edge < std::ssize(shown_))
            Q_EMIT edgeChosen(shown_[static_cast<size_t>(edge)]);
    });
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
    if (transcoder == first_ && !prompt_->text().isEmpty())
        return;
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
    summary_->setText(tr("%1 nodes are in both, %2 only in the first, %3 only in the second.")
                          .arg(found.shared)
                          .arg(found.onlyFirst)
                          .arg(found.onlySecond));
    shown_.assign(found.edges.begin(),
                  found.edges.begin() + static_cast<std::ptrdiff_t>(std::min(mostEdges, found.edges.size())));
    double largest = 0;
    for (const AlignedEdge &edge : shown_)
        largest = std::max(largest, std::abs(edge.difference()));
    std::vector<NodeListModel::Row> rows;
    for (size_t e = 0; e < shown_.size(); ++e)
        rows.push_back({.node = static_cast<int>(e),
                        .name = edgeText(shown_[e]),
                        .place = {},
                        .weight = signedFigure(shown_[e].second),
                        .share = signedFigure(shown_[e].first),
                        .bar = largest > 0 ? shown_[e].difference() / largest : 0,
                        .glyph = false});
    edges_->setRows(std::move(rows));
}

} // namespace tt
