// What the server tells by a code, in French.
export default {
  amount_too_large: '« {column} » est un montant trop grand',
  amount_unreadable: '« {column} » n’est pas un montant',
  cells_miscounted:
    'La ligne a {cells, plural, one {# cellule} many {# de cellules} other {# cellules}}, l’en-tête en a {header, number}',
  count_negative: '« {column} » est négatif : un nombre de contacts ne peut pas l’être',
  count_too_large: '« {column} » dépasse {limit, number}',
  count_unreadable: '« {column} » n’est pas un nombre entier',
  currencies_differ: 'La valeur et le coût sont en monnaies différentes',
  currency_unknown: '« {column} » n’est pas une monnaie',
  date_impossible: 'L’année, le mois et le jour ne forment aucune date qui existe',
  date_part_unreadable: '« {column} » n’est pas un nombre entier possible dans une date',
  direction_unknown: '« {column} » contient un mot qui n’est pas un sens (entrant, sortant…)',
  form_unknown: '« {column} » contient un mot qui n’est pas une forme d’interaction',
  group_currencies_differ: 'Les lignes d’un même groupe sont en monnaies différentes',
  group_damaged: 'Le fichier est abîmé dans son groupe ou après',
  group_not_sorted:
    'Les lignes de son groupe ne se suivent pas, bien que la correspondance dise « sorted = true » : l’enlever et importer de nouveau tout le fichier',
  group_spoiled: 'Une autre ligne de son groupe a été refusée',
  group_sum_too_large: 'La somme du groupe est trop grande',
  id_empty: '{columns} : vide, l’interaction n’a donc pas d’identifiant',
  line_no_object: 'La ligne n’est pas un objet JSON',
  month_unreadable: '« {column} » n’est pas un mois',
  row_unreadable: 'Ce n’est pas une ligne avec sa correspondance',
  score_out_of_range: '« {column} » n’est pas un nombre entier de {low, number} à {high, number}',
  time_empty: '{columns} : vide, or l’heure est nécessaire',
  time_unreadable: '{columns} : pas un moment qui existe et qui est écrit comme le dit la correspondance',
  too_many_rows:
    'Au-delà des {limit, number} premières, {rows, plural, one {# ligne n’a pas été lue} many {# de lignes n’ont pas été lues} other {# lignes n’ont pas été lues}} : à envoyer à part',
  too_many_signals:
    'Plus de {limit, number} signaux différents : garder dans « props » les colonnes qui nomment des choses uniques',
  value_not_listed: '« {column} » contient une valeur que la correspondance ne prévoit pas',
  worth_too_large: 'Le montant est trop grand',

  bad_amount: '« {field} » n’est pas un montant : écrire un nombre, par exemple 39.95',
  bad_currency: '« {field} » n’est pas un code ISO 4217 : trois lettres, par exemple EUR',
  bad_header: 'L’en-tête « {header} » est illisible',
  bad_timestamp: '« {field} » n’est pas un moment : l’écrire au format ISO 8601, par exemple 2024-05-01T12:34:56Z',
  batch_too_long:
    'Un envoi a au plus {limit, number} événements : voici le reste. Le relire, et faire des envois plus petits',
  cut: 'Seul le début de l’événement a été gardé : le mettre ici en entier, puis le relire',
  data_unreadable: 'Le paramètre « {field} » n’est pas du JSON, ni tel quel ni en base64',
  event_too_large: 'Un événement a au plus {limit, number} octets',
  event_unreadable: 'L’événement est illisible : {fields}',
  field_unfit: '« {field} » a de 1 à {limit, number} octets de texte simple',
  id_too_long: 'Un identifiant a au plus {limit, number} octets : plus long, c’est un jeton ou une erreur',
  invalid_json: 'À partir de la ligne {line, number}, colonne {column, number}, ce n’est pas du JSON',
  missing_attribute: 'L’événement a besoin de l’attribut « {attribute} »',
  no_event: 'L’événement ne dit pas ce qui s’est passé : {fields}',
  no_format: 'Aucun lecteur n’est connu pour le format dans lequel il est arrivé',
  no_group_id: 'L’événement a besoin de « {field} »',
  no_identity: 'L’événement ne nomme personne : « {field} » manque',
  no_previous_id: 'L’événement ne dit pas qui la personne était jusqu’ici : « {field} » manque',
  no_source: 'Sa source a été retirée : rejeter l’événement',
  no_type: 'Un événement d’un envoi groupé a besoin de « {field} »',
  no_user_anon_id: 'L’événement ne nomme personne ; il faut l’un de ceux-ci : {fields}',
  no_user_id: 'L’événement ne dit pas qui la personne est désormais : « {field} » manque',
  number_out_of_range: 'Il contient un nombre plus grand que les programmes ne savent lire',
  other_source: '« {field} » n’est pas celui du premier événement de la requête : les envoyer à part',
  props_too_large: 'Les propriétés dépassent {limit, number} octets',
  too_deep: 'Il est imbriqué sur plus de {limit, number} niveaux',
  too_many_events:
    'Au-delà des {limit, number} premiers, {events, plural, one {# événement n’a pas été lu} many {# d’événements n’ont pas été lus} other {# événements n’ont pas été lus}}',
  unknown_event_format: 'Parmi les formats d’événements, seul JSON est lu ici',
  unknown_specversion: '« {field} » de l’événement n’est pas 1.0',
  unknown_type: '« {field} » de l’événement n’est aucun de {known}',
  unknown_word: 'L’attribut « {attribute} » n’est aucun des mots connus',
  unreadable: '« {field} » ne contient pas d’objet JSON',
  value_unreadable: 'Une valeur est un nombre, une monnaie trois lettres : {fields}',
  wrong_type: 'À la ligne {line, number}, colonne {column, number}, un élément est d’un autre type qu’attendu',
  wrong_shape: 'Un événement est un objet JSON',

  body_too_large: 'Le contenu dépasse {limit, number} octets, ou s’est interrompu',
  body_unreadable: 'Le contenu n’est pas du JSON, ou est trop imbriqué',
  hook_unknown: 'Ce webhook n’existe pas',
  mapping_unsound: 'La correspondance du webhook ne fonctionne pas : la régler de nouveau',
  signature_missing: 'L’en-tête « {header} » manque',
  signature_wrong:
    'La signature ne convient pas : comparer le secret, et signer le contenu tel qu’il est envoyé, octet par octet',
  timestamp_out_of_tolerance:
    '« {header} » est à plus de cinq minutes de notre horloge : signer de nouveau à chaque essai',
  timestamp_unreadable: '« {header} » n’est pas un nombre de secondes',

  chat_undated: 'Le nom de « {file} » ne contient pas de date comme 2004-12-25 : ses heures sont vides',
  column_nested: 'La colonne « {column} » de « {file} » est imbriquée et a été laissée de côté',
  column_unseen: 'Le début de « {file} » ne montre pas « {column} » ; là où elle manque, elle est lue comme vide',
  currency_foreign:
    'Les montants sont en {currency}, la carte compte en {map} : régler la monnaie de la carte, ou convertir le fichier, avant de lire des montants',
  file_damaged:
    'Le fichier est abîmé après {rows, plural, one {# ligne} many {# de lignes} other {# lignes}} ({detail}). Ce qui précède a été lu ; récupérer le fichier et l’importer de nouveau, rien n’est ajouté deux fois',
  file_encoded: '« {file} » est écrit en {encoding}',
  file_not_as_mapped: '« {file} » n’est pas ce que dit la correspondance : c’est du {kind}, et il a été lu ainsi',
  file_not_as_named: '« {file} » n’est pas ce que dit son nom : c’est du {kind}, et il a été lu ainsi',
  file_without_rows: 'Le fichier a un en-tête, mais aucune ligne',
  letters_lost:
    '« {file} » : {cells, plural, one {# cellule n’est pas} many {# de cellules ne sont pas} other {# cellules ne sont pas}} du {encoding} valable ; les lettres illisibles sont devenues « � ». Si les accents paraissent faux, régler « encoding » sous [file]',

  archive_crowded:
    '« {file} » contient {members, number} fichiers ; {limit, number} au plus sont lus. Les répartir en plusieurs archives, ou les réunir en un seul fichier',
  archive_empty: '« {file} » est une archive zip vide ou coupée en morceaux. La refaire d’une seule pièce',
  archive_mixed:
    '« {file} » contient des fichiers de plusieurs sortes. Choisir par « members » ou « format » sous [file] dans la correspondance',
  archive_unreadable: '« {file} » est une archive zip illisible. Elle est peut-être tronquée : la récupérer de nouveau',
  archive_without_members:
    '« {file} » ne contient aucun fichier à lire. Vérifier « members » et « format » sous [file] dans la correspondance',
  column_type:
    'La colonne « {column} » de « {file} » contient {kind}. Seules les colonnes de textes, de nombres, de moments et de valeurs vrai ou faux s’importent',
  delimiter_absent:
    'La première ligne de « {file} » ne contient pas le séparateur {told}. Elle semble séparée par {found} : régler « delimiter » sous [file], ou l’enlever',
  delimiter_no_ascii: '« {told} » ne peut pas séparer des colonnes. Employer un seul signe ASCII, par exemple « ; »',
  encoding_unknown:
    '« {encoding} » n’est pas un encodage. Employer utf-8, utf-16le, utf-16be, windows-1252 ou windows-1251',
  file_binary:
    '« {file} » contient des données binaires d’une sorte inconnue. Exporter les données en CSV, JSON Lines, Parquet ou XES',
  file_empty: '« {file} » est vide. L’exporter de nouveau ; rien n’a été importé',
  file_foreign:
    '« {file} » est de la sorte {kind}, quoi que dise son nom. Exporter les données en CSV, JSON Lines, Parquet ou XES',
  file_is_array: '« {file} » est un seul tableau JSON. Écrire un objet par ligne (JSON Lines)',
  file_is_folder: '« {file} » est un dossier. Importer ses fichiers un par un, ou les réunir dans un zip',
  file_is_page:
    '« {file} » est une page web. Le téléchargement demandait peut-être de se connecter : récupérer le fichier de nouveau',
  file_is_workbook: '« {file} » est un classeur Excel. Enregistrer la feuille en CSV et l’importer',
  file_is_xml:
    '« {file} » est du XML, mais pas un journal d’événements XES. Exporter les données en XES, CSV ou JSON Lines',
  file_no_rows: '« {file} » n’a aucune ligne. L’exporter de nouveau ; rien n’a été importé',
  file_unreadable: '« {file} » est illisible : {detail}',
  groups_damaged:
    'Le fichier est abîmé après {rows, plural, one {# ligne} many {# de lignes} other {# lignes}}, et tout groupe peut avoir des lignes après : rien n’a été importé. Le récupérer de nouveau ; si les lignes d’un groupe se suivent, « sorted = true » sous [group] importe ce qui précède',
  groups_too_many:
    'Le fichier a plus de groupes que la mémoire ne devrait en contenir : rien n’a été importé. Le trier par les colonnes du groupe et mettre « sorted = true » sous [group]',
  group_line_unreadable:
    'La ligne {line, number} est illisible, et personne ne peut dire quel groupe n’est pas entier sans elle : rien n’a été importé. Corriger ou enlever cette ligne, et importer le fichier de nouveau',
  member_unreadable:
    'Un fichier de « {file} » ne peut pas être décompressé. Le décompresser soi-même et importer le fichier',
  parquet_unreadable: '« {file} » est un fichier Parquet illisible. Il est peut-être tronqué : le récupérer de nouveau',
  unpacked_too_large:
    '« {file} » devient trop grand une fois décompressé : {size, number} Mio et plus. S’il est correct malgré tout, le décompresser soi-même et importer le fichier Parquet',

  amount_choice: '[{table}] a besoin d’un seul parmi « column », « product » et « constant »',
  column_misspelt: '« {file} » n’a pas de colonne « {column} ». Est-ce « {near} » ?',
  column_unknown: '« {file} » n’a pas de colonne « {column} ». Ses colonnes : {columns}',
  condition_tests:
    'La condition sur la colonne « {column} » a besoin d’une seule épreuve, par exemple « equals » ou « empty »',
  constant_no_amount: '« {text} » dans la correspondance n’est pas un montant',
  direction_misspelt: '« {word} » dans la correspondance n’est pas un sens. Est-ce « {near} » ?',
  direction_no_word: '« {word} » dans la correspondance n’est pas un sens. Employer l’un de : {known}',
  form_misspelt: '« {word} » dans la correspondance n’est pas une forme. Est-ce « {near} » ?',
  form_no_word: '« {word} » dans la correspondance n’est pas une forme. Employer l’une de : {known}',
  group_alone: '[group] ne peut pas aller avec [touches] ou [[outcome]]',
  mapping_for_files: '{part} est pour les fichiers : un contenu est seul. L’enlever de la correspondance',
  mapping_key_misspelt: 'Ligne {line, number} de la correspondance : « {key} » n’est pas une clé. Est-ce « {near} » ?',
  mapping_key_missing: 'Il manque « {key} » dans la correspondance',
  mapping_key_unknown: 'Ligne {line, number} de la correspondance : « {key} » n’est pas une clé',
  mapping_unreadable: 'La ligne {line, number} de la correspondance est illisible : {detail}',
  rejects_without_year:
    'Des lignes refusées, prises seules, ne disent pas l’année, car elles ne se suivent plus. Les corriger dans le fichier entier et l’importer de nouveau : ce qui est déjà là n’est pas ajouté deux fois',
  time_choice: '[time] a besoin d’un seul parmi « column », « columns », « constant » et « parts »',
  time_constant: 'Le moment « {text} » dans la correspondance n’existe pas ou s’écrit autrement',
  time_format:
    '« {text} » n’est pas un format de moments. Employer iso, epoch_s, epoch_ms, epoch_us ou un modèle comme %d.%m.%Y %H:%M',
  year_choice: '[time.parts] a besoin de « year » ou de « first_year », pas des deux',
  zone_unknown: '« {zone} » n’est pas un fuseau horaire connu. Employer un nom comme Europe/Paris',

  file_gone: 'Le fichier n’est plus gardé. L’envoyer de nouveau',
  file_too_long: 'Le fichier dépasse {size, number} Gio. L’importer sur la machine du serveur : touchline import',
  file_vanished: 'Ces lignes refusées ne sont pas gardées : elles le sont une semaine après l’importation',
  import_called_off: 'L’importation a été arrêtée ; ce qui était importé reste',
  import_interrupted: 'Le serveur s’est arrêté entre-temps : importer de nouveau, rien n’est ajouté deux fois',
  import_running: 'Une autre importation est en cours. Attendre qu’elle soit terminée',
  import_unknown: 'Cette importation n’existe pas',
  imports_waiting:
    '{files, plural, one {# fichier attend} many {# de fichiers attendent} other {# fichiers attendent}} déjà. En importer ou en rejeter d’abord',
  mapping_lookup: 'Une correspondance avec [lookup] ne sert pas ici. Importer le fichier par la ligne de commande',
  mapping_one_way: 'Une correspondance est soit un texte, soit un document',
  mapping_too_long: 'La correspondance est trop longue : {limit, number} octets au plus',
  upload_broken: 'Le fichier n’est pas arrivé entier. L’envoyer de nouveau',
  upload_crowded: 'D’autres fichiers sont en train d’arriver. Attendre qu’ils soient là',
  upload_empty: 'Le fichier est vide. L’exporter de nouveau',

  hand_amount: 'La valeur n’est pas un montant. L’écrire en nombre, par exemple 12,50',
  hand_busy:
    'Il y a plus en attente que ce qui peut être enregistré à temps : nouvel essai dans {seconds, plural, one {# seconde} many {# de secondes} other {# secondes}}',
  hand_correction: 'Une rectification nomme la saisie qu’elle rectifie, et rien d’autre ne le fait',
  hand_early: 'Le moment est à plus de cent ans dans le passé. Comparer l’année',
  hand_future:
    'Le moment est dans l’avenir : comparer l’horloge de cet appareil. Saisir ce qui a eu lieu, une fois que cela a eu lieu',
  hand_id_empty: 'Le numéro de la saisie est vide',
  hand_name:
    'L’adresse e-mail, le numéro de téléphone ou de client est illisible. Comparer ce qui a été tapé, jeter la saisie et la refaire',
  hand_name_kind: 'La sorte d’un nom a de 1 à 40 signes parmi a à z, 0 à 9 et _',
  hand_names: 'Une personne a au plus {limit, number} noms dans une saisie. Saisir plusieurs personnes une par une',
  hand_note: 'La note dépasse {limit, number} octets. Garder le reste dans un fichier à soi',
  hand_time: 'Le moment est illisible',
  hand_touchpoint:
    'La carte n’a pas de point de contact « {touchpoint} » : la saisie ne compte nulle part tant qu’il n’existe pas ou qu’aucune règle ne la rattache',
  hand_touchpoint_misspelt:
    'La carte n’a pas de point de contact « {touchpoint} » : la saisie ne compte nulle part tant qu’il n’existe pas ou qu’aucune règle ne la rattache. Est-ce « {near} » ?',
  hand_word: '« {field} » a au plus {limit, number} octets de texte simple',

  feed_language: 'La langue est illisible. L’écrire comme en ou fr-CA',
  feed_name: 'Un flux porte un nom de 1 à {limit, number} signes parmi a à z, 0 à 9, - et _, par exemple « news »',
  feed_text: 'Un texte manque, ou dépasse {limit, number} octets',
  hook_name:
    'Un webhook porte un nom de 1 à {limit, number} signes parmi a à z, 0 à 9, - et _, par exemple « web-shop »',
  source_days: 'Rien ne se garde 0 jour. Écrire 1 ou plus, ou laisser vide pour garder toujours',
  source_keys:
    '{limit, number} clés remplacées de « {name} » servent encore. Les retirer d’abord, quand plus aucun client ne les emploie',
  source_name: 'Une source a besoin d’un nom de 1 à 100 lettres, par exemple « site » ou « till-2 »',
  source_origin:
    '« {origin} » n’est pas l’origine d’un site web. Écrire le protocole et l’hôte seuls, par exemple https://shop.example.org',
  source_settings: 'Ces réglages ne peuvent pas servir : {detail}',
  source_taken: 'Il y a ou il y avait une source « {name} ». Choisir un autre nom',
  source_weight: 'Un poids est de {limit, number} au plus. Écrire 0, ou plus pour ce qui est cru en premier',
  sources_many: 'Il y a {limit, number} sources. En retirer une qui n’envoie plus rien',
  tag_code:
    'Un code a de 1 à {limit, number} signes parmi a à z, 0 à 9, - et _, par exemple « summer-box ». Laissé vide, il est tiré au sort',
  tag_code_taken:
    'Le code « {code} » a déjà été donné. En choisir un autre : un ancien code peut être encore affiché quelque part, aucun ne sert donc deux fois',
  tag_target: 'Un code ne peut pas mener là. Donner une adresse entière, par exemple https://example.org/offer',
  tag_word: 'Un texte d’un code a au plus {limit, number} octets de texte simple',
} as const;
