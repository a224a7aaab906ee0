#include "ui/train/transcoders_model.h"

#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/train/estimate_text.h"
#include "ui/train/number_text.h"

#include <array>
#include <limits>

namespace tt {

namespace {

using Layer = TranscoderMetrics::Layer;

double mean(const TranscoderSummary &transcoder, double Layer::*value) {
    return transcoder.heldOut->metrics.mean(value);
}

/// The figure of a measured column.
double measured(const TranscoderSummary &transcoder, int column) {
    switch (column) {
    case TranscodersModel::Fvu:
        return mean(transcoder, &Layer::fvu);
    case TranscodersModel::CeRecovered:
        return transcoder.heldOut->metrics.ceRecovered;
    case TranscodersModel::Dead:
        return mean(transcoder, &Layer::dead);
    default:
        return mean(transcoder, &Layer::l0);
    }
}

bool isMeasured(int column) {
    return column >= TranscodersModel::Fvu && column <= TranscodersModel::L0;
}

QString text(const TranscoderSummary &transcoder, int column) {
    const TranscoderConfig &config = transcoder.config;
    if ((isMeasured(column) || column == TranscodersModel::Measured) && !transcoder.heldOut)
        return QStringLiteral("–");
    switch (column) {
    case TranscodersModel::Name:
        return QString::fromStdString(transcoder.name);
    case TranscodersModel::Kind:
        return QString::fromStdString(toString(config.kind));
    case TranscodersModel::Activation:
        return QString::fromStdString(toString(config.activation));
    case TranscodersModel::Gpt:
        return QString::fromStdString(config.gptRun);
    case TranscodersModel::Features:
        return groupedText(config.features);
    case TranscodersModel::Dead:
        return percentText(measured(transcoder, column));
    case TranscodersModel::Measured: // figures of other stories are not the same figures
        return QString::fromStdString(transcoder.heldOut->corpus);
    case TranscodersModel::Size:
        return bytesText(static_cast<double>(transcoder.bytes));
    default:
        return figureText(measured(transcoder, column));
    }
}

QVariant sortedBy(const TranscoderSummary &transcoder, int column) {
    if (isMeasured(column)) {
        if (!transcoder.heldOut)
            return std::numeric_limits<double>::infinity();
        return measured(transcoder, column);
    }
    if (column == TranscodersModel::Features)
        return transcoder.config.features;
    if (column == TranscodersModel::Size)
        return static_cast<double>(transcoder.bytes);
    return text(transcoder, column);
}

QString toolTip(const TranscoderSummary &transcoder) {
    const QString trained =
        transcoder.steps == 0 ? TranscodersModel::tr("imported")
        : transcoder.finished
            ? TranscodersModel::tr("%1 steps").arg(groupedText(transcoder.step))
            : TranscodersModel::tr("step %1 of %2").arg(groupedText(transcoder.step), groupedText(transcoder.steps));
    QString tip =
        TranscodersModel::tr("%1: %2 for %3\n%4 parameters, k = %5, %6")
            .arg(QString::fromStdString(transcoder.name), text(transcoder, TranscodersModel::Kind),
                 text(transcoder, TranscodersModel::Gpt), amountText(static_cast<double>(transcoder.parameters)))
            .arg(transcoder.config.k)
            .arg(trained);
    if (!transcoder.heldOut)
        return tip + QLatin1Char('\n') + TranscodersModel::tr("Not measured yet");
    tip += QLatin1Char('\n') +
           TranscodersModel::tr("measured on %1 held-out tokens of %2")
               .arg(groupedText(transcoder.heldOut->metrics.tokens), text(transcoder, TranscodersModel::Measured));
    const auto &layers = transcoder.heldOut->metrics.layers;
    for (size_t i = 0; i < layers.size(); ++i)
        tip += QLatin1Char('\n') +
               TranscodersModel::tr("layer %1: FVU %2, L0 %3, dead %4")
                   .arg(i)
                   .arg(figureText(layers[i].fvu), figureText(layers[i].l0), percentText(layers[i].dead));
    return tip + QLatin1Char('\n') + TranscodersModel::tr("Return uses it in Features and Circuits");
}

} // namespace

void TranscodersModel::setTranscoders(const std::vector<TranscoderSummary> &transcoders) {
    beginResetModel();
    transcoders_ = transcoders;
    endResetModel();
}

void TranscodersModel::setChosen(const QString &name) {
    if (name == chosen_)
        return;
    chosen_ = name;
    if (!transcoders_.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, 0));
}

QString TranscodersModel::name(int row) const {
    return QString::fromStdString(transcoders_.at(static_cast<size_t>(row)).name);
}

int TranscodersModel::rowOf(const QString &name) const {
    for (int row = 0; row < rowCount(); ++row)
        if (this->name(row) == name)
            return row;
    return -1;
}

int TranscodersModel::rowCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : static_cast<int>(transcoders_.size());
}
int TranscodersModel::columnCount(const QModelIndex &parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TranscodersModel::data(const QModelIndex &index, int role) const {
    if (!index.isValid())
        return {};
    const TranscoderSummary &shown = transcoders_.at(static_cast<size_t>(index.row()));
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        return text(shown, column);
    case Qt::UserRole:
        return sortedBy(shown, column);
    case Qt::ToolTipRole:
        return toolTip(shown);
    case Qt::AccessibleTextRole:
        if (column == Name && name(index.row()) == chosen_)
            return tr("%1, used in the other places").arg(chosen_);
        return text(shown, column);
    case Qt::DecorationRole:
        if (column == Name && name(index.row()) == chosen_)
            return icon(QStringLiteral("check"));
        return {};
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignVCenter | (column >= Features ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::FontRole:
        return font(column >= Features && column != Measured ? TextRole::Mono : TextRole::Body);
    default:
        return {};
    }
}

QVariant TranscodersModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignVCenter | (section >= Features ? Qt::AlignRight : Qt::AlignLeft));
    const std::array<QString, ColumnCount> titles{tr("name"),     tr("kind"), tr("activation"),   tr("for"),
                                                  tr("features"), tr("FVU"),  tr("CE recovered"), tr("dead"),
                                                  tr("L0"),       tr("on"),   tr("size")};
    if (role == Qt::DisplayRole)
        return titles.at(static_cast<size_t>(section));
    if (role == Qt::ToolTipRole && section == Measured)
        return tr("The corpus whose held-out stories were measured; compare figures of the same one");
    if (role == Qt::ToolTipRole && isMeasured(section))
        return tr("On held-out stories; FVU, dead and L0 are the mean of the layers");
    return {};
}

} // namespace tt
