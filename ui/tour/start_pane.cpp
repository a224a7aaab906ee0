#include "ui/tour/start_pane.h"

#include "ui/circuits/graph_view.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QEvent>
#include <QGraphicsScene>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {

constexpr int nameRole = Qt::UserRole;

/// The traced graph, as small as it has to be.
class Picture : public QWidget {
public:
    explicit Picture(QWidget *parent) : QWidget(parent) {
        setMinimumHeight(scaled(160));
        setToolTip(StartPane::tr("The graph of the prompt above\nClick to open it in Circuits"));
        setAccessibleName(StartPane::tr("Traced graph"));
        setCursor(Qt::PointingHandCursor);
    }
    void setView(const GraphView *view) {
        view_ = view;
        connect(view, &GraphView::graphChanged, this, [this] { update(); });
    }

protected:
    void paintEvent(QPaintEvent *) override {
        if (!view_ || view_->traced().graph.nodes.empty())
            return;
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const int margin = scaled(12);
        const QRectF room = QRectF(rect()).adjusted(margin, margin, -margin, -margin);
        const QRectF all = view_->scene()->itemsBoundingRect();
        QRectF place({}, all.size().scaled(room.size(), Qt::KeepAspectRatio));
        place.moveCenter(room.center());
        view_->scene()->render(&painter, place, all);
    }

private:
    const GraphView *view_ = nullptr;
};

} // namespace

StartPane::StartPane(QWidget *parent) : QWidget(parent), text_(new QLabel(this)), graphs_(new QTreeWidget(this)) {
    setGround(this, &Theme::panel);
    setAccessibleName(tr("Start"));
    auto *title = new QLabel(tr("A small GPT, taken apart"), this);
    setTextRole(title, TextRole::Heading);
    text_->setWordWrap(true);
    setInk(text_, Ink::Secondary);
    auto *words = new QVBoxLayout;
    words->setContentsMargins(scaled(16), scaled(12), scaled(16), scaled(12));
    words->setSpacing(scaled(4));
    words->addWidget(title);
    words->addWidget(text_);

    auto *header = new SectionHeader(tr("Traced circuits"), this);
    QPushButton *open = namedButton(tr("Open in Circuits"), tr("Shows the graph of the prompt above\nCtrl+4"), this);
    header->addControl(open);
    auto *picture = new Picture(this);
    picture_ = picture;

    graphs_->setAccessibleName(tr("Saved prompts"));
    graphs_->setToolTip(tr("Prompts that were traced and saved\nReturn or a click opens one"));
    graphs_->setRootIsDecorated(false);
    graphs_->setHeaderLabels({tr("prompt"), tr("transcoder"), tr("predicts"), tr("p"), tr("nodes")});
    graphs_->setFrameShape(QFrame::NoFrame);
    graphs_->setUniformRowHeights(true);
    graphs_->setMinimumHeight(scaled(176));
    graphs_->header()->setStretchLastSection(false);
    graphs_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    graphs_->header()->setSectionResizeMode(0, QHeaderView::Stretch);

    auto *own = new QWidget(this);
    setGround(own, &Theme::alternate);
    auto *ownWords = new QLabel(tr("Make your own"), own);
    setInk(ownWords, Ink::Secondary);
    QPushButton *train = namedButton(tr("Train a GPT"), tr("Goes to Train"), own);
    QPushButton *import = namedButton(tr("Import stories…"), tr("Reads .txt and .jsonl files into a corpus"), own);
    QPushButton *workspace = namedButton(tr("Open workspace…"), tr("Opens another folder\nCtrl+O"), own);
    auto *row = new QHBoxLayout;
    row->setSpacing(scaled(8));
    for (QPushButton *button : {train, import, workspace})
        row->addWidget(button);
    row->addStretch(1);
    auto *ownLayout = new QVBoxLayout(own);
    ownLayout->setContentsMargins(scaled(16), scaled(12), scaled(16), scaled(16));
    ownLayout->addWidget(ownWords);
    ownLayout->addLayout(row);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(words);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(header);
    layout->addWidget(picture_, 2);
    layout->addWidget(graphs_, 1);
    layout->addWidget(horizontalLine(this));
    layout->addWidget(own);
    connect(open, &QPushButton::clicked, this, &StartPane::openCircuitsRequested);
    connect(train, &QPushButton::clicked, this, &StartPane::trainRequested);
    connect(import, &QPushButton::clicked, this, &StartPane::importRequested);
    connect(workspace, &QPushButton::clicked, this, &StartPane::workspaceRequested);
    picture_->installEventFilter(this);
    connect(graphs_, &QTreeWidget::itemActivated, this,
            [this](QTreeWidgetItem *item) { Q_EMIT graphRequested(item->data(0, nameRole).toString()); });
    connect(graphs_, &QTreeWidget::itemClicked, this,
            [this](QTreeWidgetItem *item) { Q_EMIT graphRequested(item->data(0, nameRole).toString()); });
}

void StartPane::setModel(int64_t parameters, int64_t features) {
    text_->setText(tr("%1 million weights that continue children’s stories, and %2 features that explain its MLPs. All "
                      "of it runs on this computer.")
                       .arg(QString::number(static_cast<double>(parameters) / 1e6, 'f', 1), count(features)));
}

void StartPane::setGraphs(const std::vector<SavedGraphSummary> &graphs) {
    graphs_->clear();
    for (const SavedGraphSummary &graph : graphs) {
        auto *item = new QTreeWidgetItem(QStringList{
            QString::fromStdString(graph.prompt), QString::fromStdString(graph.transcoder),
            graph.token.empty() ? QString() : shownToken(graph.token),
            graph.token.empty() ? QString() : QString::number(graph.probability, 'f', 3), count(graph.nodes)});
        item->setSizeHint(0, QSize(0, std::max(scaled(24), fontMetrics().height() + scaled(8))));
        item->setData(0, nameRole, QString::fromStdString(graph.name));
        item->setToolTip(0, QString::fromStdString(graph.prompt));
        for (int column = 2; column < 5; ++column)
            item->setFont(column, tt::font(TextRole::Mono));
        for (int column = 3; column < 5; ++column)
            item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
        graphs_->addTopLevelItem(item);
    }
}

void StartPane::setView(const GraphView *view) {
    static_cast<Picture *>(picture_)->setView(view);
}

bool StartPane::eventFilter(QObject *watched, QEvent *event) {
    if (watched == picture_ && event->type() == QEvent::MouseButtonRelease)
        Q_EMIT openCircuitsRequested();
    return QWidget::eventFilter(watched, event);
}

} // namespace tt
