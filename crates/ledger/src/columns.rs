//! The columns of the ledger, for us and for outside readers: one list from which the Delta schema, the Parquet
//! schema and the encodings are made, and the two translations between interactions and columns.
//!
//! Ids of 64 bits are stored bit for bit as signed `long`, because Delta knows no unsigned numbers. Inside one file
//! all persons share their top bits, so signed and unsigned order agree there.

use crate::error::{LedgerError, Result};
use analysis::sequence::{NO_COST, Rows, pack_score};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType as TimeType};
use arrow_array::{Array, ArrayRef, BinaryArray, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_array::{PrimitiveArray, TimestampMicrosecondArray};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{DataType, MetadataValue, PrimitiveType, StructField};
use model::{ActorId, Currency, Direction, Flags, Form, Instant, Interaction, InteractionId, Scale, Score, SignalId};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Is the type of a column, in Delta's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Binary,
    Byte,
    Short,
    Integer,
    Long,
    Timestamp,
    Text,
}

/// Is how the values of a column are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Packing {
    /// Few different values.
    Dictionary,
    /// Numbers that grow, or that differ by less than they measure.
    Differences,
    /// Hashes and texts that hardly repeat.
    Plain,
}

/// Is one column.
struct Column {
    name: &'static str,
    kind: Kind,
    nullable: bool,
    packing: Packing,
    /// Goes into the table as the column's comment, so that outside readers see it.
    about: &'static str,
}

use Kind::{Binary, Byte, Integer, Long, Short, Text, Timestamp};
use Packing::{Dictionary, Differences, Plain};

/// Makes a column that always has a value.
const fn always(name: &'static str, kind: Kind, packing: Packing, about: &'static str) -> Column {
    Column { name, kind, nullable: false, packing, about }
}

/// Makes a column that may be empty.
const fn maybe(name: &'static str, kind: Kind, packing: Packing, about: &'static str) -> Column {
    Column { name, kind, nullable: true, packing, about }
}

/// All columns inside the files, in their order. New ones go to the end and are nullable.
const COLUMNS: [Column; 22] = [
    always("id", Binary, Plain, "16 bytes, big-endian: hash of the source and its message id; never twice"),
    always("actor", Long, Plain, "raw identity, 64-bit hash; its text is in the state store"),
    always("person", Long, Differences, "person to whom the actor belonged when the row was last written"),
    always("at", Timestamp, Differences, "when it happened, after the clock rule"),
    always("received", Timestamp, Differences, "when we received it"),
    maybe("sent", Timestamp, Differences, "when the client says it sent it"),
    maybe("original", Timestamp, Differences, "when the client says it happened"),
    always("signal", Integer, Dictionary, "number of the signature; its text is in the state store"),
    always("form", Byte, Dictionary, "number of the form of interaction"),
    always("direction", Byte, Dictionary, "0 outbound, 1 inbound, 2 two-way, 3 internal"),
    maybe("value", Long, Dictionary, "worth, in minor units of the currency"),
    maybe("cost", Long, Dictionary, "cost to us, in minor units of the currency"),
    maybe("currency", Text, Dictionary, "ISO 4217 code of value and cost"),
    maybe("scale", Byte, Dictionary, "scale of the answer: 0 NPS, 1 one to five, 2 one to seven, 3 one to ten, 4 yes or no"),
    maybe("answer", Short, Dictionary, "answer on that scale"),
    maybe("reply_to", Binary, Plain, "id of the interaction that this one answers"),
    maybe("offer", Text, Dictionary, "offer or coupon"),
    maybe("arm", Text, Dictionary, "arm of an experiment"),
    maybe("campaign", Text, Dictionary, "campaign"),
    maybe("conversation", Text, Plain, "conversation it belongs to"),
    always(
        "flags",
        Integer,
        Dictionary,
        "bits: 1 bot, 2 ephemeral actor, 4 consent, 8 loaded afterwards, 16 day visitor, 32 sealed text",
    ),
    maybe("props", Text, Plain, "everything else, as JSON"),
];

/// Is the partition column: its value is in the path and in the log, not in the files.
pub(crate) const BUCKET: &str = "bucket";
/// Is how many buckets there are.
pub(crate) const BUCKETS: u8 = 16;

/// Returns the bucket of a person: the top bits of what is a uniform hash.
pub(crate) const fn bucket_of(person: u64) -> u8 {
    (person >> 60) as u8
}

/// Returns the schema of the Delta table, partition column included.
pub(crate) fn delta_schema() -> Vec<StructField> {
    let comment = |text: &str| [("comment", MetadataValue::String(text.to_owned()))];
    let column = |column: &Column| {
        let kind = match column.kind {
            Binary => PrimitiveType::Binary,
            Byte => PrimitiveType::Byte,
            Short => PrimitiveType::Short,
            Integer => PrimitiveType::Integer,
            Long => PrimitiveType::Long,
            Timestamp => PrimitiveType::Timestamp,
            Text => PrimitiveType::String,
        };
        StructField::new(column.name, DataType::Primitive(kind), column.nullable).with_metadata(comment(column.about))
    };
    let bucket = StructField::new(BUCKET, DataType::Primitive(PrimitiveType::Integer), false)
        .with_metadata(comment("top four bits of person"));
    COLUMNS.iter().map(column).chain([bucket]).collect()
}

/// Returns the schema of the files, as Arrow sees it.
pub(crate) fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |column: &Column| {
            let kind = match column.kind {
                Binary => ArrowType::Binary,
                Byte => ArrowType::Int8,
                Short => ArrowType::Int16,
                Integer => ArrowType::Int32,
                Long => ArrowType::Int64,
                Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                Text => ArrowType::Utf8,
            };
            Field::new(column.name, kind, column.nullable)
        };
        Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
    });
    SCHEMA.clone()
}

/// Returns how the files are written.
pub(crate) fn writer_properties() -> WriterProperties {
    let by = |name| SortingColumn { column_idx: index(name) as i32, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(1 << 20))
        .set_sorting_columns(Some(vec![by("person"), by("at")]))
        .set_created_by("touchline".to_owned());
    for column in &COLUMNS {
        let path = ColumnPath::from(column.name);
        properties = properties.set_column_dictionary_enabled(path.clone(), column.packing == Dictionary);
        if column.packing == Differences {
            properties = properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}

/// Returns the place of a column in the files.
pub(crate) fn index(name: &str) -> usize {
    COLUMNS.iter().position(|column| column.name == name).expect("the name is one of the list above")
}

/// Puts rows with their persons into columns.
pub(crate) fn encode(rows: &[(&Interaction, u64)]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let each = || rows.iter().map(|(row, _)| *row);
    let times = |array: TimestampMicrosecondArray| -> ArrayRef { Arc::new(array.with_timezone("UTC")) };
    fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
        Arc::new(StringArray::from_iter(values))
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(each().map(|row| row.id.0.to_be_bytes()))),
        Arc::new(Int64Array::from_iter_values(each().map(|row| row.actor.0.cast_signed()))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, person)| person.cast_signed()))),
        times(PrimitiveArray::from_iter_values(each().map(|row| row.at.0))),
        times(PrimitiveArray::from_iter_values(each().map(|row| row.received.0))),
        times(each().map(|row| row.sent.map(|at| at.0)).collect()),
        times(each().map(|row| row.original.map(|at| at.0)).collect()),
        Arc::new(Int32Array::from_iter_values(each().map(|row| row.signal.0.cast_signed()))),
        Arc::new(Int8Array::from_iter_values(each().map(|row| (row.form as u8).cast_signed()))),
        Arc::new(Int8Array::from_iter_values(each().map(|row| (row.direction as u8).cast_signed()))),
        Arc::new(each().map(|row| row.value).collect::<Int64Array>()),
        Arc::new(each().map(|row| row.cost).collect::<Int64Array>()),
        text(each().map(|row| row.currency.as_ref().map(Currency::code))),
        Arc::new(each().map(|row| row.score.map(|score| (score.scale as u8).cast_signed())).collect::<Int8Array>()),
        Arc::new(each().map(|row| row.score.map(|score| score.answer)).collect::<Int16Array>()),
        Arc::new(BinaryArray::from_iter(each().map(|row| row.reply_to.map(|id| id.0.to_be_bytes())))),
        text(each().map(|row| row.offer.as_deref())),
        text(each().map(|row| row.arm.as_deref())),
        text(each().map(|row| row.campaign.as_deref())),
        text(each().map(|row| row.conversation.as_deref())),
        Arc::new(Int32Array::from_iter_values(each().map(|row| row.flags.0.cast_signed()))),
        text(each().map(|row| row.props.as_deref())),
    ];
    RecordBatch::try_new(file_schema(), columns)
}

/// Returns the columns that folds read, and that rows are sorted by.
pub(crate) fn rows_of(batch: &RecordBatch) -> Rows {
    let byte = |name| batch.column(index(name)).as_primitive::<Int8Type>();
    let integer = |name| batch.column(index(name)).as_primitive::<Int32Type>();
    let long = |name| batch.column(index(name)).as_primitive::<Int64Type>();
    let answer = batch.column(index("answer")).as_primitive::<Int16Type>();
    let score = |(scale, answer): (Option<i8>, Option<i16>)| {
        let scale = Scale::from_number(scale?.cast_unsigned())?;
        Some(Score { scale, answer: answer? })
    };
    Rows {
        person: long("person").values().iter().map(|person| person.cast_unsigned()).collect(),
        at: batch.column(index("at")).as_primitive::<TimeType>().values().to_vec(),
        signal: integer("signal").values().iter().map(|signal| signal.cast_unsigned()).collect(),
        form: byte("form").values().iter().map(|form| form.cast_unsigned()).collect(),
        direction: byte("direction").values().iter().map(|direction| direction.cast_unsigned()).collect(),
        value: long("value").iter().map(|value| value.unwrap_or(0)).collect(),
        cost: long("cost").iter().map(|cost| cost.unwrap_or(NO_COST)).collect(),
        score: byte("scale").iter().zip(answer).map(|pair| pack_score(score(pair))).collect(),
        flags: integer("flags").values().iter().map(|flags| flags.cast_unsigned()).collect(),
    }
}

/// Returns the sort key of one interaction as [`Rows::key`] would give it, without the person.
pub(crate) fn key(row: &Interaction) -> impl Ord + use<> {
    let (value, cost) = (row.value.unwrap_or(0), row.cost.unwrap_or(NO_COST));
    (row.at, row.signal, row.form, row.direction, value, cost, pack_score(row.score), row.flags.0, row.id)
}

/// Returns the score for what two columns hold.
fn score(scale: i8, answer: i16) -> Option<Score> {
    Score::new(Scale::from_number(scale.cast_unsigned())?, answer)
}

/// Puts columns back into interactions; `path` is for the error.
pub(crate) fn decode(batch: &RecordBatch, path: &Path) -> Result<Vec<Interaction>> {
    (0..batch.num_rows()).map(|row| decode_row(batch, row).map_err(|what| unknown(path, what))).collect()
}

/// Reads one row; the error says what was found instead.
fn decode_row(batch: &RecordBatch, row: usize) -> Result<Interaction, String> {
    let filled = |name: &str| Some(batch.column(index(name))).filter(|column| column.is_valid(row));
    let byte = |name: &str| filled(name).map(|column| column.as_primitive::<Int8Type>().value(row));
    let integer = |name| filled(name).map_or(0, |column| column.as_primitive::<Int32Type>().value(row).cast_unsigned());
    let long = |name| filled(name).map(|column| column.as_primitive::<Int64Type>().value(row));
    let time = |name| filled(name).map(|column| Instant(column.as_primitive::<TimeType>().value(row)));
    let text = |name| filled(name).map(|column| column.as_string::<i32>().value(row).to_owned());
    let id = |name| filled(name).map(|column| interaction_id(column.as_binary::<i32>().value(row))).transpose();
    let answer = filled("answer").map(|column| column.as_primitive::<Int16Type>().value(row));
    let number = |name: &str| byte(name).unwrap_or(0).cast_unsigned();
    Ok(Interaction {
        id: id("id")?.ok_or("a row without id")?,
        actor: ActorId(long("actor").unwrap_or(0).cast_unsigned()),
        at: time("at").unwrap_or_default(),
        received: time("received").unwrap_or_default(),
        sent: time("sent"),
        original: time("original"),
        signal: SignalId(integer("signal")),
        form: Form::from_number(number("form")).ok_or_else(|| format!("form {}", number("form")))?,
        direction: Direction::from_number(number("direction")).ok_or_else(|| format!("direction {}", number("direction")))?,
        value: long("value"),
        cost: long("cost"),
        currency: text("currency").map(|code| Currency::parse(&code)).transpose().map_err(|error| error.to_string())?,
        score: byte("scale").zip(answer).and_then(|(scale, answer)| score(scale, answer)),
        reply_to: id("reply_to")?,
        offer: text("offer"),
        arm: text("arm"),
        campaign: text("campaign"),
        conversation: text("conversation"),
        flags: Flags(integer("flags")),
        props: text("props"),
    })
}

/// Reads an id of sixteen bytes.
pub(crate) fn interaction_id(bytes: &[u8]) -> Result<InteractionId, String> {
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| format!("an id of {} bytes", bytes.len()))?;
    Ok(InteractionId(u128::from_be_bytes(bytes)))
}

/// Makes the error for a value that this version does not know.
pub(crate) fn unknown(path: &Path, what: impl Into<String>) -> LedgerError {
    LedgerError::Unknown { path: path.to_owned(), what: what.into() }
}

/// Checks that a file has our columns, so that the code above may take them by place.
pub(crate) fn check_schema(found: &Schema, path: &Path) -> Result<()> {
    let expected = file_schema();
    for (place, field) in expected.fields().iter().enumerate() {
        let other = found.fields().get(place);
        if other.is_none_or(|other| other.name() != field.name() || other.data_type() != field.data_type()) {
            return Err(unknown(path, format!("no column `{}` of type {} at place {place}", field.name(), field.data_type())));
        }
    }
    Ok(())
}
