#include "ui/data/drop_zone.h"

#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace tt {

DropZone::DropZone(QWidget *parent) : QWidget(parent) {
    auto *what = new QLabel(tr("Drop .txt or .jsonl files here"), this);
    auto *how =
        new QLabel(tr("Stories end at <|endoftext|>, or at a blank line where a file has none. Weights of other "
                      "programs can be dropped, too: .pth files, or a transcoder’s folder"),
                   this);
    how->setTextFormat(Qt::PlainText);
    how->setWordWrap(true);
    setTextRole(how, TextRole::Secondary);
    for (QLabel *label : {what, how}) {
        label->setAlignment(Qt::AlignCenter);
        setInk(label, Ink::Secondary);
    }
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(scaled(8), scaled(12), scaled(8), scaled(12));
    layout->setSpacing(scaled(4));
    layout->addWidget(what);
    layout->addWidget(how);
}

void DropZone::setLit(bool lit) {
    lit_ = lit;
    update();
}

void DropZone::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(lit_ ? theme().focus : theme().fieldBorder, lit_ ? 2 : 1, Qt::DashLine));
    painter.setBrush(lit_ ? theme().selected : theme().panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
}

} // namespace tt
